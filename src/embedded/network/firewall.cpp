#include "embedded/network/firewall.h"

#include <netinet/in.h>  // before the kernel's headers, which then leave its types alone

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "embedded/network/options.h"

namespace tutti::embedded::network {

namespace {

using nft::Element;
using nft::Hook;
using nft::KeyType;
using nft::Rule;
using nft::Set;
using nft::Transaction;
using nft::Verdict;

// Another number whenever rules or sets change: a table of another version is rebuilt.
constexpr std::string_view kVersion = "tutti 1";
constexpr std::string_view kLoopback = {"lo\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16};

// Registers: a concatenation of address, protocol and port begins at 0; interface names take four each.
constexpr nft::Register r(unsigned n) { return nft::kRegister0 + n; }

template <class Number>
std::string bytes_of(Number number) {  // host order, as the kernel keeps it in registers
    return {reinterpret_cast<const char*>(&number), sizeof number};
}

struct Family {
    std::uint8_t number;
    int af;
    std::uint32_t source, destination, length;  // of the addresses in the header
    std::string_view ports_here, ports_any, subnets, leaving;
};
constexpr Family kFamilies[] = {
    {NFPROTO_IPV4, AF_INET, 12, 16, 4, "ports4", "ports4_any", "subnets4", "leaving4"},
    {NFPROTO_IPV6, AF_INET6, 8, 24, 16, "ports6", "ports6_any", "subnets6", "leaving6"},
};

Rule of_family(const Family& family) {
    return Rule().meta(NFT_META_NFPROTO, r(0)).equals(r(0), {reinterpret_cast<const char*>(&family.number), 1});
}

Rule dnatted() {
    const std::uint32_t bit = IPS_DST_NAT;
    return Rule().ct(NFT_CT_STATUS, r(0)).mask(r(0), bytes_of(bit)).differs(r(0), bytes_of(std::uint32_t{0}));
}

// Bit 0 of the state is "invalid"; established and related follow.
Rule belongs_to_a_flow() {
    const std::uint32_t bits = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
    return Rule().ct(NFT_CT_STATE, r(0)).mask(r(0), bytes_of(bits)).differs(r(0), bytes_of(std::uint32_t{0}));
}

Rule from(std::string_view set) { return Rule().meta(NFT_META_IIFNAME, r(0)).in(r(0), set); }
Rule to(std::string_view set) { return Rule().meta(NFT_META_OIFNAME, r(0)).in(r(0), set); }

void add_sets(Transaction& t) {
    const std::vector<KeyType> name{KeyType::ifname};
    t.add_set({"bridges", name, {}, false});
    t.add_set({"internal", name, {}, false});
    t.add_set({"within", {KeyType::ifname, KeyType::ifname}, {}, false});
    for (const Family& family : kFamilies) {
        const KeyType address = family.af == AF_INET ? KeyType::ipv4_addr : KeyType::ipv6_addr;
        const std::vector<KeyType> target{address, KeyType::inet_service};
        t.add_set({std::string(family.ports_any), {KeyType::inet_proto, KeyType::inet_service}, target, false});
        t.add_set(
            {std::string(family.ports_here), {address, KeyType::inet_proto, KeyType::inet_service}, target, false});
        t.add_set({std::string(family.subnets), {address}, {}, true});
        t.add_set({std::string(family.leaving), {address}, {}, true});
    }
}

// Ports: what is addressed to the host itself and stands in a map goes to the container.
void add_port_rules(Transaction& t) {
    const std::uint32_t local = RTN_LOCAL;
    // What comes from ::1 cannot leave through another interface, whatever is done to it: there the relay serves.
    t.add_rule("output", of_family(kFamilies[1])
                             .network_header(24, 16, r(0))
                             .equals(r(0), os::IpAddress::parse("::1")->raw())
                             .verdict(Verdict::return_));
    for (const char* chain : {"prerouting", "output"})
        t.add_rule(chain,
                   Rule().fib_type_of_destination(r(0)).equals(r(0), bytes_of(local)).verdict(Verdict::jump, "ports"));
    for (const Family& family : kFamilies) {
        const unsigned words = family.length / 4;
        t.add_rule("ports", of_family(family)
                                .network_header(family.destination, family.length, r(0))
                                .meta(NFT_META_L4PROTO, r(words))
                                .transport_header(2, 2, r(words + 1))
                                .map(r(0), family.ports_here, r(0))
                                .dnat(family.af, r(0), r(words)));
        t.add_rule("ports", of_family(family)
                                .meta(NFT_META_L4PROTO, r(0))
                                .transport_header(2, 2, r(1))
                                .map(r(0), family.ports_any, r(0))
                                .dnat(family.af, r(0), r(words)));
    }
}

// Nobody but the host itself speaks to 127/8, although bridges have route_localnet: neither a neighbour on the LAN to a
// port published on 127.0.0.1, nor a container to the host's private services.
void add_loopback_guard(Transaction& t) {
    t.add_rule("guard", Rule()
                            .meta(NFT_META_IIFNAME, r(0))
                            .differs(r(0), kLoopback)
                            .meta(NFT_META_NFPROTO, r(0))
                            .equals(r(0), {reinterpret_cast<const char*>(&kFamilies[0].number), 1})
                            .network_header(16, 4, r(0))
                            .mask(r(0), {"\xff\0\0\0", 4})
                            .equals(r(0), {"\x7f\0\0\0", 4})
                            .verdict(Verdict::drop));
}

void add_forward_rules(Transaction& t) {
    t.add_rule("forward", to("bridges").verdict(Verdict::jump, "to_container"));
    t.add_rule("forward", from("internal").verdict(Verdict::drop));

    t.add_rule(
        "to_container",
        Rule().meta(NFT_META_IIFNAME, r(0)).meta(NFT_META_OIFNAME, r(4)).in(r(0), "within").verdict(Verdict::accept));
    t.add_rule("to_container", from("internal").verdict(Verdict::drop));
    t.add_rule("to_container", to("internal").verdict(Verdict::drop));
    t.add_rule("to_container", belongs_to_a_flow().verdict(Verdict::accept));
    t.add_rule("to_container", dnatted().verdict(Verdict::accept));
    t.add_rule("to_container", Rule().verdict(Verdict::drop));
}

// Under the bridge's own address come: containers through a published port of the host (the answer must pass here
// again), and the host's loopback. Under the host's address goes what leaves a container network. Everybody else keeps
// his own.
void add_source_rules(Transaction& t) {
    for (const Family& family : kFamilies) {
        const auto published = [&] {
            Rule rule = of_family(family).meta(NFT_META_OIFNAME, r(0)).in(r(0), "bridges");
            return rule.ct(NFT_CT_STATUS, r(0))
                .mask(r(0), bytes_of(std::uint32_t{IPS_DST_NAT}))
                .differs(r(0), bytes_of(std::uint32_t{0}))
                .network_header(family.source, family.length, r(0));
        };
        t.add_rule("postrouting", published().in(r(0), family.subnets).masquerade());
        if (family.af == AF_INET)
            t.add_rule("postrouting",
                       published().mask(r(0), {"\xff\0\0\0", 4}).equals(r(0), {"\x7f\0\0\0", 4}).masquerade());
        t.add_rule("postrouting", of_family(family)
                                      .meta(NFT_META_OIFNAME, r(0))
                                      .not_in(r(0), "bridges")
                                      .network_header(family.source, family.length, r(0))
                                      .in(r(0), family.leaving)
                                      .masquerade());
    }
}

void add_layout(Transaction& t) {
    add_sets(t);
    t.add_chain("guard", Hook{"filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW});
    t.add_chain("prerouting", Hook{"nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST});
    t.add_chain("output", Hook{"nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST});
    t.add_chain("postrouting", Hook{"nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC});
    t.add_chain("forward", Hook{"filter", NF_INET_FORWARD, NF_IP_PRI_FILTER});
    t.add_chain("ports");
    t.add_chain("to_container");
    add_loopback_guard(t);
    add_port_rules(t);
    add_forward_rules(t);
    add_source_rules(t);
}

// Elements by set, so that each set gets one message.
void add_pieces(Transaction& t, const std::vector<FirewallPiece>& pieces, bool add) {
    std::vector<FirewallPiece> sorted = pieces;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.set < b.set; });
    for (std::size_t at = 0; at < sorted.size();) {
        std::vector<Element> elements;
        const std::string_view set = sorted[at].set;
        for (; at < sorted.size() && sorted[at].set == set; ++at) elements.push_back(sorted[at].element);
        add ? t.add_elements(set, elements) : t.delete_elements(set, elements);
    }
}

}  // namespace

std::vector<FirewallPiece> pieces_of(const Network& network) {
    std::vector<FirewallPiece> pieces;
    if (network.bridge.empty()) return pieces;
    const std::string bridge = nft::key_of_interface(network.bridge);
    pieces.push_back({"bridges", {bridge, {}, false}});
    if (network.spec.internal) pieces.push_back({"internal", {bridge, {}, false}});
    if (may_talk_among_themselves(network.spec)) pieces.push_back({"within", {bridge + bridge, {}, false}});
    for (const SubnetSpec& subnet : network.spec.subnets) {
        const Family& family = kFamilies[subnet.subnet->address.is_v4() ? 0 : 1];
        for (const Element& element : nft::interval_of(*subnet.subnet)) {
            pieces.push_back({family.subnets, element});
            if (masquerades(network.spec, family.af)) pieces.push_back({family.leaving, element});
        }
    }
    return pieces;
}

std::vector<FirewallPiece> pieces_of(const PublishedPort& port) {
    if (port.host_ip.is_v4() != port.container_ip.is_v4()) return {};
    if (!port.host_ip.is_v4() && port.host_ip.is_loopback()) return {};
    const Family& family = kFamilies[port.host_ip.is_v4() ? 0 : 1];
    const std::uint8_t protocol = port.protocol == Protocol::udp ? IPPROTO_UDP : IPPROTO_TCP;
    std::string key = nft::key_of_protocol(protocol) + nft::key_of_port(port.host_port);
    if (!port.host_ip.is_any()) key.insert(0, nft::key_of(port.host_ip));
    const std::string target = nft::key_of(port.container_ip) + nft::key_of_port(port.container_port);
    return {{port.host_ip.is_any() ? family.ports_any : family.ports_here, {key, target, false}}};
}

Firewall::Firewall(std::uint32_t tag) : netlink_(NETLINK_NETFILTER) {
    char name[32];
    std::snprintf(name, sizeof name, "tutti-%08x", tag);
    table_ = name;
}

bool Firewall::is_whole() {
    if (!nft::has_table(netlink_, table_, NFPROTO_INET, kVersion)) return false;
    Transaction layout(table_);
    add_layout(layout);
    return nft::rules(netlink_, table_, NFPROTO_INET).size() == layout.rule_count();
}

bool Firewall::add(const std::vector<FirewallPiece>& pieces) {
    Transaction t(table_);
    add_pieces(t, pieces, true);
    const os::NetlinkFault fault = t.commit(netlink_);
    // EEXIST: an element of a container that died unseen leads elsewhere.
    if (fault.error == ENOENT || fault.error == EEXIST) return false;
    if (fault.error != 0) os::throw_netlink("adding nftables elements", fault);
    return true;
}

bool Firewall::remove(const std::vector<FirewallPiece>& pieces) {
    Transaction t(table_);
    add_pieces(t, pieces, false);
    const os::NetlinkFault fault = t.commit(netlink_);
    if (fault.error == ENOENT) return false;
    if (fault.error != 0) os::throw_netlink("removing nftables elements", fault);
    return true;
}

void Firewall::rebuild(const std::vector<FirewallPiece>& pieces) {
    Transaction t(table_);
    t.add_table(kVersion).delete_table().add_table(kVersion);  // added first, as deleting what is not there fails
    add_layout(t);
    add_pieces(t, pieces, true);
    const os::NetlinkFault fault = t.commit(netlink_);
    if (fault.error != 0) os::throw_netlink("building the nftables table", fault);
}

void Firewall::drop_table() {
    Transaction t(table_);
    t.add_table(kVersion).delete_table();
    if (const os::NetlinkFault fault = t.commit(netlink_); fault.error != 0)
        os::throw_netlink("removing the nftables table", fault);
}

}  // namespace tutti::embedded::network
