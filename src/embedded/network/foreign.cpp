// Beside other programs: their firewalls, and the kernel's memory of flows.
#include <netinet/in.h>  // before the kernel's headers, which then leave its types alone

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <algorithm>

#include "base/text.h"
#include "embedded/network/firewall.h"

namespace tutti::embedded::network {

using base::cat;

namespace {

constexpr std::string_view kTable = "filter";  // of iptables

// Written as iptables writes it, so that its programs can still read their chains.
nft::Rule let_through(std::uint32_t key, const std::string& bridge) {
    std::string name = bridge;
    name.push_back('\0');
    return nft::Rule().meta(key, NFT_REG_1).equals(NFT_REG_1, name).counter().verdict(nft::Verdict::accept);
}

// The chain of iptables' filter table where others may speak; empty if nothing is dropped.
std::string place_of(const std::vector<nft::ChainInfo>& chains, std::uint8_t family) {
    std::string place;
    for (const nft::ChainInfo& chain : chains) {
        if (chain.family != family || chain.table != kTable) continue;
        if (chain.name == "DOCKER-USER") return chain.name;
        if (chain.name == "FORWARD" && chain.drops) place = chain.name;
    }
    return place;
}

}  // namespace

std::vector<std::string> Firewall::open_foreign_chains(const std::vector<std::string>& bridges) {
    const std::vector<nft::ChainInfo> chains = nft::chains(netlink_);
    for (const std::uint8_t family : {std::uint8_t{NFPROTO_IPV4}, std::uint8_t{NFPROTO_IPV6}}) {
        const std::string place = place_of(chains, family);
        const bool has_table = std::any_of(chains.begin(), chains.end(), [&](const nft::ChainInfo& chain) {
            return chain.family == family && chain.table == kTable;
        });
        if (!has_table) continue;
        nft::Transaction t{std::string(kTable), family};
        std::vector<std::string> there;
        for (const nft::RuleInfo& rule : nft::rules(netlink_, kTable, family)) {
            if (!rule.note.starts_with(cat(table_, " "))) continue;
            const std::string bridge = rule.note.substr(table_.size() + 1);
            if (rule.chain != place || std::find(bridges.begin(), bridges.end(), bridge) == bridges.end())
                t.delete_rule(rule.chain, rule.handle);
            else
                there.push_back(bridge);
        }
        for (const std::string& bridge : bridges) {
            if (place.empty() || std::count(there.begin(), there.end(), bridge) == 2) continue;
            for (const std::uint32_t key : {NFT_META_IIFNAME, NFT_META_OIFNAME})
                t.insert_rule(place, let_through(key, bridge), cat(table_, " ", bridge));
        }
        // ENOENT: the other program has just changed its chain; it will again, and we look again then.
        if (const os::NetlinkFault fault = t.commit(netlink_); fault.error != 0 && fault.error != ENOENT)
            os::throw_netlink(cat("letting our bridges through ", kTable, " ", place), fault);
    }
    std::vector<std::string> closed;
    for (const nft::ChainInfo& chain : chains) {
        const bool ours = chain.table == kTable && (chain.family == NFPROTO_IPV4 || chain.family == NFPROTO_IPV6);
        if (chain.hook == NF_INET_FORWARD && chain.drops && !ours) closed.push_back(cat(chain.table, " ", chain.name));
    }
    return closed;
}

void Firewall::forget_flows(const os::IpAddress& container) {
    constexpr std::uint32_t kSource = 1U << 0;  // CTA_FILTER_F_CTA_IP_SRC, which no header of the kernel names
    os::NetlinkMessage message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
    nfgenmsg header{};
    header.nfgen_family = static_cast<std::uint8_t>(container.family());
    message.put(header);
    message.nest(
        CTA_TUPLE_REPLY,
        [&](os::NetlinkMessage& tuple) {
            tuple.nest(
                CTA_TUPLE_IP,
                [&](os::NetlinkMessage& ip) {
                    ip.attr(container.is_v4() ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, container.raw());
                },
                NLA_F_NESTED);
        },
        NLA_F_NESTED);
    message.nest(
        CTA_FILTER,
        [&](os::NetlinkMessage& filter) {
            filter.attr_u32(CTA_FILTER_ORIG_FLAGS, 0).attr_u32(CTA_FILTER_REPLY_FLAGS, kSource);
        },
        NLA_F_NESTED);
    // Kernels before 5.8 cannot; old flows then end by their own timeout.
    (void)netlink_.try_run(message);
}

}  // namespace tutti::embedded::network
