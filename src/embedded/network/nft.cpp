#include "embedded/network/nft.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::network::nft {

namespace {

using os::NetlinkMessage;

constexpr std::uint16_t kNest = NLA_F_NESTED;
constexpr std::size_t kElementsPerMessage = 500;  // below the 64 KiB that one attribute holds

std::uint16_t type_of(std::uint16_t message) { return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message); }

nfgenmsg header_of(std::uint8_t family, std::uint16_t resource = 0) {
    nfgenmsg header{};
    header.nfgen_family = family;
    header.version = NFNETLINK_V0;
    header.res_id = htons(resource);
    return header;
}

std::uint32_t packed(const std::vector<KeyType>& types) {
    std::uint32_t all = 0;
    for (const KeyType type : types) all = all << 6 | static_cast<std::uint32_t>(type);
    return all;
}

std::uint32_t length_of(KeyType type) {
    switch (type) {
        case KeyType::ipv6_addr:
        case KeyType::ifname: return 16;
        default: return 4;
    }
}

std::uint32_t length_of(const std::vector<KeyType>& types) {
    std::uint32_t sum = 0;
    for (const KeyType type : types) sum += length_of(type);
    // A key of one short part has its true length, parts of a concatenation are padded.
    if (types.size() == 1 && types.front() == KeyType::inet_proto) return 1;
    if (types.size() == 1 && types.front() == KeyType::inet_service) return 2;
    return sum;
}

// nft's own way of keeping a comment: type 0, length, text with its NUL.
std::string comment(std::string_view note) {
    std::string bytes{'\0', static_cast<char>(note.size() + 1)};
    return bytes.append(note).append(1, '\0');
}

std::string read_comment(std::string_view userdata) {
    if (userdata.size() < 3 || userdata[0] != 0) return {};
    return std::string(userdata.substr(2, static_cast<unsigned char>(userdata[1]) - 1));
}

void put_value(NetlinkMessage& message, std::uint16_t type, std::string_view bytes) {
    message.nest(
        type, [&](NetlinkMessage& data) { data.attr(NFTA_DATA_VALUE, bytes); }, kNest);
}

}  // namespace

// An expression is built as a message of its own, of which only the attributes are kept.
template <class Fill>
Rule& Rule::add(std::string_view name, Fill&& fill) {
    NetlinkMessage message(0, 0);
    message.attr_text(NFTA_EXPR_NAME, name);
    message.nest(NFTA_EXPR_DATA, std::forward<Fill>(fill), kNest);
    expressions_.emplace_back(message.finish(0).substr(sizeof(nlmsghdr)));
    return *this;
}

Rule& Rule::meta(std::uint32_t key, Register to) {
    return add("meta", [&](NetlinkMessage& m) { m.attr_be32(NFTA_META_KEY, key).attr_be32(NFTA_META_DREG, to); });
}

Rule& Rule::network_header(std::uint32_t offset, std::uint32_t length, Register to) {
    return add("payload", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_PAYLOAD_DREG, to).attr_be32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
        m.attr_be32(NFTA_PAYLOAD_OFFSET, offset).attr_be32(NFTA_PAYLOAD_LEN, length);
    });
}

Rule& Rule::transport_header(std::uint32_t offset, std::uint32_t length, Register to) {
    return add("payload", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_PAYLOAD_DREG, to).attr_be32(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
        m.attr_be32(NFTA_PAYLOAD_OFFSET, offset).attr_be32(NFTA_PAYLOAD_LEN, length);
    });
}

Rule& Rule::ct(std::uint32_t key, Register to) {
    return add("ct", [&](NetlinkMessage& m) { m.attr_be32(NFTA_CT_KEY, key).attr_be32(NFTA_CT_DREG, to); });
}

Rule& Rule::fib_type_of_destination(Register to) {
    return add("fib", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_FIB_DREG, to).attr_be32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
        m.attr_be32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
    });
}

Rule& Rule::load(Register to, std::string_view bytes) {
    return add("immediate", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_IMMEDIATE_DREG, to);
        put_value(m, NFTA_IMMEDIATE_DATA, bytes);
    });
}

Rule& Rule::mask(Register at, std::string_view mask) {
    return add("bitwise", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_BITWISE_SREG, at).attr_be32(NFTA_BITWISE_DREG, at);
        m.attr_be32(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(mask.size()));
        put_value(m, NFTA_BITWISE_MASK, mask);
        put_value(m, NFTA_BITWISE_XOR, std::string(mask.size(), '\0'));
    });
}

Rule& Rule::equals(Register at, std::string_view bytes) {
    return add("cmp", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_CMP_SREG, at).attr_be32(NFTA_CMP_OP, NFT_CMP_EQ);
        put_value(m, NFTA_CMP_DATA, bytes);
    });
}

Rule& Rule::differs(Register at, std::string_view bytes) {
    return add("cmp", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_CMP_SREG, at).attr_be32(NFTA_CMP_OP, NFT_CMP_NEQ);
        put_value(m, NFTA_CMP_DATA, bytes);
    });
}

Rule& Rule::in(Register at, std::string_view set) {
    return add("lookup", [&](NetlinkMessage& m) { m.attr_text(NFTA_LOOKUP_SET, set).attr_be32(NFTA_LOOKUP_SREG, at); });
}

Rule& Rule::not_in(Register at, std::string_view set) {
    return add("lookup", [&](NetlinkMessage& m) {
        m.attr_text(NFTA_LOOKUP_SET, set)
            .attr_be32(NFTA_LOOKUP_SREG, at)
            .attr_be32(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    });
}

Rule& Rule::map(Register at, std::string_view map, Register to) {
    return add("lookup", [&](NetlinkMessage& m) {
        m.attr_text(NFTA_LOOKUP_SET, map).attr_be32(NFTA_LOOKUP_SREG, at).attr_be32(NFTA_LOOKUP_DREG, to);
    });
}

Rule& Rule::dnat(int family, Register address, Register port) {
    return add("nat", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_NAT_TYPE, NFT_NAT_DNAT);
        m.attr_be32(NFTA_NAT_FAMILY, family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
        m.attr_be32(NFTA_NAT_REG_ADDR_MIN, address).attr_be32(NFTA_NAT_REG_PROTO_MIN, port);
    });
}

Rule& Rule::masquerade() {
    return add("masq", [](NetlinkMessage&) {});
}

Rule& Rule::counter() {
    return add("counter",
               [](NetlinkMessage& m) { m.attr_be64(NFTA_COUNTER_BYTES, 0).attr_be64(NFTA_COUNTER_PACKETS, 0); });
}

Rule& Rule::verdict(Verdict verdict, std::string_view chain) {
    const int code = verdict == Verdict::accept ? NF_ACCEPT
                     : verdict == Verdict::drop ? NF_DROP
                     : verdict == Verdict::jump ? NFT_JUMP
                                                : NFT_RETURN;
    return add("immediate", [&](NetlinkMessage& m) {
        m.attr_be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
        m.nest(
            NFTA_IMMEDIATE_DATA,
            [&](NetlinkMessage& data) {
                data.nest(
                    NFTA_DATA_VERDICT,
                    [&](NetlinkMessage& v) {
                        v.attr_be32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
                        if (!chain.empty()) v.attr_text(NFTA_VERDICT_CHAIN, chain);
                    },
                    kNest);
            },
            kNest);
    });
}

std::string key_of(const os::IpAddress& address) { return std::string(address.raw()); }
std::string key_of_port(std::uint16_t port) {
    return {static_cast<char>(port >> 8), static_cast<char>(port & 0xff), '\0', '\0'};
}
std::string key_of_protocol(std::uint8_t protocol) { return {static_cast<char>(protocol), '\0', '\0', '\0'}; }
std::string key_of_interface(std::string_view name) {
    std::string key(name.substr(0, 15));
    key.resize(16);
    return key;
}

std::vector<Element> interval_of(const os::IpPrefix& prefix) {
    std::vector<Element> elements{{key_of(prefix.first()), {}, false}};
    const os::IpAddress behind = prefix.last().plus(1);
    if (!behind.is_any()) elements.push_back({key_of(behind), {}, true});  // the last prefix of all has no end
    return elements;
}

Transaction::Transaction(std::string table, std::uint8_t family) : table_(std::move(table)), family_(family) {
    NetlinkMessage begin(NFNL_MSG_BATCH_BEGIN, 0);
    begin.put(header_of(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    messages_.push_back(std::move(begin));
}

NetlinkMessage& Transaction::message(std::uint16_t type, std::uint16_t flags) {
    messages_.emplace_back(type_of(type), flags);
    return messages_.back().put(header_of(family_));
}

Transaction& Transaction::add_table(std::string_view note) {
    NetlinkMessage& m = message(NFT_MSG_NEWTABLE, NLM_F_CREATE);
    m.attr_text(NFTA_TABLE_NAME, table_);
    if (!note.empty()) m.attr(NFTA_TABLE_USERDATA, comment(note));
    return *this;
}

Transaction& Transaction::delete_table() {
    message(NFT_MSG_DELTABLE).attr_text(NFTA_TABLE_NAME, table_);
    return *this;
}

Transaction& Transaction::add_chain(std::string_view name) {
    message(NFT_MSG_NEWCHAIN, NLM_F_CREATE).attr_text(NFTA_CHAIN_TABLE, table_).attr_text(NFTA_CHAIN_NAME, name);
    return *this;
}

Transaction& Transaction::add_chain(std::string_view name, const Hook& hook, Policy policy) {
    add_chain(name);
    NetlinkMessage& m = messages_.back();
    m.nest(
        NFTA_CHAIN_HOOK,
        [&](NetlinkMessage& h) {
            h.attr_be32(NFTA_HOOK_HOOKNUM, hook.hook);
            h.attr_be32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(hook.priority));
        },
        kNest);
    m.attr_be32(NFTA_CHAIN_POLICY, policy == Policy::drop ? NF_DROP : NF_ACCEPT).attr_text(NFTA_CHAIN_TYPE, hook.type);
    return *this;
}

Transaction& Transaction::add_set(const Set& set) {
    NetlinkMessage& m = message(NFT_MSG_NEWSET, NLM_F_CREATE);
    m.attr_text(NFTA_SET_TABLE, table_).attr_text(NFTA_SET_NAME, set.name);
    std::uint32_t flags = set.interval ? NFT_SET_INTERVAL : 0;
    if (!set.data.empty()) flags |= NFT_SET_MAP;
    m.attr_be32(NFTA_SET_FLAGS, flags);
    m.attr_be32(NFTA_SET_KEY_TYPE, packed(set.key)).attr_be32(NFTA_SET_KEY_LEN, length_of(set.key));
    if (!set.data.empty())
        m.attr_be32(NFTA_SET_DATA_TYPE, packed(set.data)).attr_be32(NFTA_SET_DATA_LEN, length_of(set.data));
    m.attr_be32(NFTA_SET_ID, next_set_id_++);
    // For `nft list` alone: interface names are kept in host order (type 0, length, value).
    if (set.key == std::vector{KeyType::ifname}) m.attr(NFTA_SET_USERDATA, {"\0\4\1\0\0\0", 6});
    return *this;
}

Transaction& Transaction::rule(std::uint16_t flags, std::string_view chain, const Rule& rule, std::string_view note) {
    ++rule_count_;
    NetlinkMessage& m = message(NFT_MSG_NEWRULE, static_cast<std::uint16_t>(flags | NLM_F_CREATE));
    m.attr_text(NFTA_RULE_TABLE, table_).attr_text(NFTA_RULE_CHAIN, chain);
    m.nest(
        NFTA_RULE_EXPRESSIONS,
        [&](NetlinkMessage& list) {
            for (const std::string& expression : rule.expressions()) list.attr(NFTA_LIST_ELEM | kNest, expression);
        },
        kNest);
    if (!note.empty()) m.attr(NFTA_RULE_USERDATA, comment(note));
    return *this;
}

Transaction& Transaction::add_rule(std::string_view chain, const Rule& rule) {
    return this->rule(NLM_F_APPEND, chain, rule, {});
}

Transaction& Transaction::insert_rule(std::string_view chain, const Rule& rule, std::string_view note) {
    return this->rule(0, chain, rule, note);
}

Transaction& Transaction::delete_rule(std::string_view chain, std::uint64_t handle) {
    NetlinkMessage& m = message(NFT_MSG_DELRULE);
    m.attr_text(NFTA_RULE_TABLE, table_).attr_text(NFTA_RULE_CHAIN, chain).attr_be64(NFTA_RULE_HANDLE, handle);
    return *this;
}

Transaction& Transaction::elements(std::uint16_t type, std::uint16_t flags, std::string_view set,
                                   const std::vector<Element>& all) {
    for (std::size_t at = 0; at < all.size(); at += kElementsPerMessage) {
        NetlinkMessage& m = message(type, flags);
        m.attr_text(NFTA_SET_ELEM_LIST_TABLE, table_).attr_text(NFTA_SET_ELEM_LIST_SET, set);
        m.nest(
            NFTA_SET_ELEM_LIST_ELEMENTS,
            [&](NetlinkMessage& list) {
                for (std::size_t i = at; i < std::min(all.size(), at + kElementsPerMessage); ++i) {
                    list.nest(
                        NFTA_LIST_ELEM,
                        [&](NetlinkMessage& e) {
                            put_value(e, NFTA_SET_ELEM_KEY, all[i].key);
                            if (!all[i].data.empty() && type == NFT_MSG_NEWSETELEM)
                                put_value(e, NFTA_SET_ELEM_DATA, all[i].data);
                            if (all[i].interval_end) e.attr_be32(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
                        },
                        kNest);
                }
            },
            kNest);
    }
    return *this;
}

Transaction& Transaction::add_elements(std::string_view set, const std::vector<Element>& all) {
    return elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, set, all);
}

Transaction& Transaction::delete_elements(std::string_view set, const std::vector<Element>& all) {
    return elements(NFT_MSG_DELSETELEM, 0, set, all);
}

os::NetlinkFault Transaction::commit(os::Netlink& netlink) {
    if (empty()) return {};
    messages_.back().add_flags(NLM_F_ACK);
    NetlinkMessage end(NFNL_MSG_BATCH_END, 0);
    end.put(header_of(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    messages_.push_back(std::move(end));
    return netlink.run_batch(messages_);
}

bool has_table(os::Netlink& netlink, std::string_view table, std::uint8_t family, std::string_view note) {
    NetlinkMessage message(type_of(NFT_MSG_GETTABLE), 0);
    message.put(header_of(family)).attr_text(NFTA_TABLE_NAME, table);
    os::NetlinkFault fault;
    const auto replies = netlink.ask(message, "looking for an nftables table", &fault);
    if (fault.error == ENOENT || replies.empty()) return false;
    if (note.empty()) return true;
    if (replies.front().payload.size() < sizeof(nfgenmsg)) return false;
    const auto attributes = std::string_view(replies.front().payload).substr(sizeof(nfgenmsg));
    const auto userdata = os::netlink_attr(attributes, NFTA_TABLE_USERDATA);
    return userdata && read_comment(userdata->data) == note;
}

std::vector<RuleInfo> rules(os::Netlink& netlink, std::string_view table, std::uint8_t family) {
    NetlinkMessage message(type_of(NFT_MSG_GETRULE), NLM_F_DUMP);
    message.put(header_of(family)).attr_text(NFTA_RULE_TABLE, table);
    os::NetlinkFault fault;
    std::vector<RuleInfo> found;
    for (const os::NetlinkReply& reply : netlink.ask(message, "listing nftables rules", &fault)) {
        if (reply.payload.size() < sizeof(nfgenmsg)) continue;
        RuleInfo rule;
        std::string_view in_table;
        for (const os::NetlinkAttr& attr :
             os::netlink_attrs(std::string_view(reply.payload).substr(sizeof(nfgenmsg)))) {
            if (attr.type == NFTA_RULE_TABLE) in_table = attr.text();
            if (attr.type == NFTA_RULE_CHAIN) rule.chain = attr.text();
            if (attr.type == NFTA_RULE_USERDATA) rule.note = read_comment(attr.data);
            if (attr.type == NFTA_RULE_HANDLE && attr.data.size() == 8)
                for (const char byte : attr.data) rule.handle = rule.handle << 8 | static_cast<unsigned char>(byte);
        }
        if (in_table == table) found.push_back(std::move(rule));
    }
    if (fault.error != 0 && fault.error != ENOENT) os::throw_netlink("listing nftables rules", fault);
    return found;
}

std::vector<ChainInfo> chains(os::Netlink& netlink) {
    NetlinkMessage message(type_of(NFT_MSG_GETCHAIN), NLM_F_DUMP);
    message.put(header_of(AF_UNSPEC));
    std::vector<ChainInfo> found;
    for (const os::NetlinkReply& reply : netlink.ask(message, "listing nftables chains")) {
        if (reply.payload.size() < sizeof(nfgenmsg)) continue;
        ChainInfo chain;
        chain.family = static_cast<std::uint8_t>(reply.payload[0]);
        for (const os::NetlinkAttr& attr :
             os::netlink_attrs(std::string_view(reply.payload).substr(sizeof(nfgenmsg)))) {
            if (attr.type == NFTA_CHAIN_TABLE) chain.table = attr.text();
            if (attr.type == NFTA_CHAIN_NAME) chain.name = attr.text();
            if (attr.type == NFTA_CHAIN_TYPE) chain.type = attr.text();
            if (attr.type == NFTA_CHAIN_POLICY) chain.drops = attr.be32() == NF_DROP;
            if (attr.type != NFTA_CHAIN_HOOK) continue;
            if (const auto hook = os::netlink_attr(attr.data, NFTA_HOOK_HOOKNUM))
                chain.hook = static_cast<int>(hook->be32());
        }
        found.push_back(std::move(chain));
    }
    return found;
}

}  // namespace tutti::embedded::network::nft
