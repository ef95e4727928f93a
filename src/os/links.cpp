#include "os/links.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <map>

#include "base/error.h"
#include "base/text.h"
#include "os/netns.h"

namespace tutti::os {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

constexpr std::uint16_t kCreate = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

ifinfomsg link_header(int index = 0, unsigned flags = 0, unsigned change = 0) {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_index = index;
    header.ifi_flags = flags;
    header.ifi_change = change;
    return header;
}

template <class Header>
std::optional<Header> header_of(const std::string& payload) {
    if (payload.size() < sizeof(Header)) return std::nullopt;
    Header header;
    std::memcpy(&header, payload.data(), sizeof header);
    return header;
}

std::string_view behind_header(const std::string& payload, std::size_t size) {
    return std::string_view(payload).substr(std::min(payload.size(), NLMSG_ALIGN(size)));
}

std::optional<Link> to_link(const NetlinkReply& reply) {
    const auto header = header_of<ifinfomsg>(reply.payload);
    if (reply.type != RTM_NEWLINK || !header) return std::nullopt;
    Link link;
    link.index = header->ifi_index;
    link.up = (header->ifi_flags & IFF_UP) != 0;
    for (const NetlinkAttr& attr : netlink_attrs(behind_header(reply.payload, sizeof *header))) {
        if (attr.type == IFLA_IFNAME) link.name = attr.text();
        if (attr.type == IFLA_MTU) link.mtu = static_cast<int>(attr.u32());
        if (attr.type == IFLA_MASTER) link.master = static_cast<int>(attr.u32());
        if (attr.type == IFLA_GROUP) link.group = attr.u32();
        if (attr.type == IFLA_ADDRESS && attr.data.size() == 6) std::memcpy(link.mac.bytes.data(), attr.data.data(), 6);
        if (attr.type != IFLA_LINKINFO) continue;
        if (const auto kind = netlink_attr(attr.data, IFLA_INFO_KIND)) link.kind = kind->text();
    }
    return link;
}

std::string_view raw(const MacAddress& mac) {
    return {reinterpret_cast<const char*>(mac.bytes.data()), mac.bytes.size()};
}

NetlinkMessage address_message(std::uint16_t type, std::uint16_t flags, int index, const IpPrefix& address) {
    NetlinkMessage message(type, flags);
    ifaddrmsg header{};
    header.ifa_family = static_cast<std::uint8_t>(address.address.family());
    header.ifa_prefixlen = static_cast<std::uint8_t>(address.length);
    header.ifa_index = static_cast<unsigned>(index);
    header.ifa_flags =
        address.address.is_v4() ? 0 : IFA_F_NODAD;  // nobody waits for duplicate detection: we give them out
    message.put(header).attr(IFA_LOCAL, address.address.raw()).attr(IFA_ADDRESS, address.address.raw());
    if (address.address.is_v4() && address.length < 31) message.attr(IFA_BROADCAST, address.last().raw());
    return message;
}

NetlinkMessage route_message(std::uint16_t type, std::uint16_t flags, int index, const IpPrefix& destination,
                             const std::optional<IpAddress>& gateway) {
    NetlinkMessage message(type, flags);
    rtmsg header{};
    header.rtm_family = static_cast<std::uint8_t>(destination.address.family());
    header.rtm_dst_len = static_cast<std::uint8_t>(destination.length);
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_STATIC;
    header.rtm_scope = gateway || !destination.address.is_v4() ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    header.rtm_type = RTN_UNICAST;
    message.put(header);
    if (destination.length != 0) message.attr(RTA_DST, destination.first().raw());
    if (gateway) message.attr(RTA_GATEWAY, gateway->raw());
    message.attr_u32(RTA_OIF, static_cast<std::uint32_t>(index));
    return message;
}

std::optional<std::uint32_t> macvlan_mode(const std::string& mode) {
    static const std::map<std::string_view, std::uint32_t> modes = {{"private", MACVLAN_MODE_PRIVATE},
                                                                    {"vepa", MACVLAN_MODE_VEPA},
                                                                    {"bridge", MACVLAN_MODE_BRIDGE},
                                                                    {"passthru", MACVLAN_MODE_PASSTHRU}};
    const auto found = modes.find(mode);
    return found == modes.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint16_t> ipvlan_mode(const std::string& mode) {
    if (mode == "l2") return IPVLAN_MODE_L2;
    if (mode == "l3") return IPVLAN_MODE_L3;
    if (mode == "l3s") return IPVLAN_MODE_L3S;
    return std::nullopt;
}

}  // namespace

Links::Links() : netlink_(NETLINK_ROUTE) {}
Links::Links(const Fd& netns) : netlink_(NETLINK_ROUTE, netns) {}

std::vector<Link> Links::list() {
    NetlinkMessage message(RTM_GETLINK, NLM_F_DUMP);
    message.put(link_header());
    std::vector<Link> links;
    for (const NetlinkReply& reply : netlink_.ask(message, "listing network interfaces"))
        if (auto link = to_link(reply)) links.push_back(std::move(*link));
    return links;
}

std::optional<Link> Links::find(const std::string& name) {
    NetlinkMessage message(RTM_GETLINK, 0);
    message.put(link_header()).attr_text(IFLA_IFNAME, name);
    NetlinkFault fault;
    const auto replies = netlink_.ask(message, cat("looking for interface ", name), &fault);
    if (fault.error == ENODEV) return std::nullopt;
    if (fault.error != 0) throw_netlink(cat("looking for interface ", name), fault);
    return replies.empty() ? std::nullopt : to_link(replies.front());
}

std::vector<LinkAddress> Links::addresses() {
    NetlinkMessage message(RTM_GETADDR, NLM_F_DUMP);
    message.put(ifaddrmsg{});
    std::vector<LinkAddress> found;
    for (const NetlinkReply& reply : netlink_.ask(message, "listing addresses")) {
        const auto header = header_of<ifaddrmsg>(reply.payload);
        if (reply.type != RTM_NEWADDR || !header) continue;
        const auto attributes = behind_header(reply.payload, sizeof *header);
        auto attr = netlink_attr(attributes, IFA_LOCAL);
        if (!attr) attr = netlink_attr(attributes, IFA_ADDRESS);
        const auto address = attr ? IpAddress::from_bytes(attr->data) : std::nullopt;
        if (address) found.push_back({static_cast<int>(header->ifa_index), {*address, header->ifa_prefixlen}});
    }
    return found;
}

std::vector<Route> Links::routes() {
    NetlinkMessage message(RTM_GETROUTE, NLM_F_DUMP);
    message.put(rtmsg{});
    std::vector<Route> found;
    for (const NetlinkReply& reply : netlink_.ask(message, "listing routes")) {
        const auto header = header_of<rtmsg>(reply.payload);
        if (reply.type != RTM_NEWROUTE || !header || header->rtm_type != RTN_UNICAST) continue;
        if (header->rtm_table == RT_TABLE_LOCAL) continue;
        if (header->rtm_family != AF_INET && header->rtm_family != AF_INET6) continue;
        Route route;
        route.table = header->rtm_table;
        route.destination = {IpAddress::any(header->rtm_family), header->rtm_dst_len};
        for (const NetlinkAttr& attr : netlink_attrs(behind_header(reply.payload, sizeof *header))) {
            if (attr.type == RTA_DST)
                route.destination.address = IpAddress::from_bytes(attr.data).value_or(IpAddress());
            if (attr.type == RTA_GATEWAY) route.gateway = IpAddress::from_bytes(attr.data);
            if (attr.type == RTA_OIF) route.link = static_cast<int>(attr.u32());
            if (attr.type == RTA_PRIORITY) route.metric = attr.u32();
        }
        found.push_back(route);
    }
    return found;
}

Link Links::add_bridge(const BridgeSpec& spec) {
    NetlinkMessage message(RTM_NEWLINK, kCreate);
    message.put(link_header(0, IFF_UP, IFF_UP)).attr_text(IFLA_IFNAME, spec.name).attr_u32(IFLA_GROUP, spec.group);
    if (spec.mtu != 0) message.attr_u32(IFLA_MTU, static_cast<std::uint32_t>(spec.mtu));
    // An address given by hand does not follow those of the ports.
    if (spec.mac) message.attr(IFLA_ADDRESS, raw(*spec.mac));
    message.nest(IFLA_LINKINFO, [](NetlinkMessage& info) { info.attr_text(IFLA_INFO_KIND, "bridge"); });
    netlink_.run(message, cat("making bridge ", spec.name));
    auto link = find(spec.name);
    if (!link) throw Error(ErrorKind::internal, cat("bridge ", spec.name, " vanished as soon as it was made"));
    return *link;
}

void Links::add_veth(const VethSpec& spec, const Fd& peer_netns) {
    NetlinkMessage message(RTM_NEWLINK, kCreate);
    message.put(link_header(0, IFF_UP, IFF_UP)).attr_text(IFLA_IFNAME, spec.name).attr_u32(IFLA_GROUP, spec.group);
    if (spec.mtu != 0) message.attr_u32(IFLA_MTU, static_cast<std::uint32_t>(spec.mtu));
    if (spec.master != 0) message.attr_u32(IFLA_MASTER, static_cast<std::uint32_t>(spec.master));
    message.nest(IFLA_LINKINFO, [&](NetlinkMessage& info) {
        info.attr_text(IFLA_INFO_KIND, "veth").nest(IFLA_INFO_DATA, [&](NetlinkMessage& data) {
            data.nest(VETH_INFO_PEER, [&](NetlinkMessage& peer) {
                peer.put(link_header()).attr_text(IFLA_IFNAME, spec.peer_name);
                if (spec.mtu != 0) peer.attr_u32(IFLA_MTU, static_cast<std::uint32_t>(spec.mtu));
                peer.attr(IFLA_ADDRESS, raw(spec.peer_mac));
                peer.attr_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_netns.get()));
            });
        });
    });
    netlink_.run(message, cat("making interface ", spec.peer_name, " of a container (", spec.name, " on the host)"));
    without_link_local(spec.name);
    if (spec.isolated || spec.hairpin) set_port(spec);
}

void Links::without_link_local(const std::string& name) {
    NetlinkMessage message(RTM_SETLINK, NLM_F_ACK);
    message.put(link_header()).attr_text(IFLA_IFNAME, name);
    message.nest(
        IFLA_AF_SPEC,
        [](NetlinkMessage& families) {
            families.nest(
                AF_INET6, [](NetlinkMessage& v6) { v6.attr_u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE); },
                NLA_F_NESTED);
        },
        NLA_F_NESTED);
    const NetlinkFault fault = netlink_.try_run(message);
    // A kernel without IPv6 has none anyway.
    if (fault.error != 0 && fault.error != EAFNOSUPPORT && fault.error != EOPNOTSUPP)
        throw_netlink(cat("keeping interface ", name, " without IPv6 address"), fault);
}

void Links::set_port(const VethSpec& spec) {
    const auto link = find(spec.name);
    if (!link) throw Error(ErrorKind::internal, cat("interface ", spec.name, " vanished as soon as it was made"));
    NetlinkMessage message(RTM_SETLINK, NLM_F_ACK);
    ifinfomsg header = link_header(link->index);
    header.ifi_family = AF_BRIDGE;
    message.put(header).nest(
        IFLA_PROTINFO,
        [&](NetlinkMessage& port) {
            if (spec.isolated) port.attr_u8(IFLA_BRPORT_ISOLATED, 1);
            if (spec.hairpin) port.attr_u8(IFLA_BRPORT_MODE, 1);
        },
        NLA_F_NESTED);
    netlink_.run(message, cat("setting up bridge port ", spec.name));
}

void Links::add_macvlan(const MacvlanSpec& spec, const Fd& netns) {
    const auto macvlan = macvlan_mode(spec.mode);
    const auto ipvlan = ipvlan_mode(spec.mode);
    if (spec.kind == "ipvlan" ? !ipvlan : !macvlan)
        throw Error(ErrorKind::invalid, cat("'", spec.mode, "' is no mode of ", spec.kind));
    NetlinkMessage message(RTM_NEWLINK, kCreate);
    message.put(link_header()).attr_text(IFLA_IFNAME, spec.name);
    message.attr_u32(IFLA_LINK, static_cast<std::uint32_t>(spec.parent));
    if (spec.mtu != 0) message.attr_u32(IFLA_MTU, static_cast<std::uint32_t>(spec.mtu));
    if (spec.mac) message.attr(IFLA_ADDRESS, raw(*spec.mac));
    message.attr_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns.get()));
    message.nest(IFLA_LINKINFO, [&](NetlinkMessage& info) {
        info.attr_text(IFLA_INFO_KIND, spec.kind).nest(IFLA_INFO_DATA, [&](NetlinkMessage& data) {
            if (spec.kind == "ipvlan") data.attr_u16(IFLA_IPVLAN_MODE, *ipvlan);
            if (spec.kind == "macvlan") data.attr_u32(IFLA_MACVLAN_MODE, *macvlan);
        });
    });
    const NetlinkFault fault = netlink_.try_run(message);
    if (fault.error == EOPNOTSUPP)
        throw Error(ErrorKind::unsupported, cat("this kernel has no ", spec.kind, " interfaces"),
                    cat("load the module with 'modprobe ", spec.kind, "', or use the driver bridge"), fault.error);
    if (fault.error != 0) throw_netlink(cat("making ", spec.kind, " interface ", spec.name), fault);
}

void Links::remove(int index) {
    NetlinkMessage message(RTM_DELLINK, NLM_F_ACK);
    message.put(link_header(index));
    const NetlinkFault fault = netlink_.try_run(message);
    if (fault.error != 0 && fault.error != ENODEV) throw_netlink("removing a network interface", fault);
}

void Links::set_up(int index, bool up) {
    NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK);
    message.put(link_header(index, up ? IFF_UP : 0, IFF_UP));
    netlink_.run(message, up ? "taking a network interface up" : "taking a network interface down");
}

void Links::settle(const std::string& name) {
    ethtool_value carrier{};
    carrier.cmd = ETHTOOL_GLINK;
    ifreq request{};
    name.copy(request.ifr_name, sizeof request.ifr_name - 1);
    request.ifr_data = reinterpret_cast<char*>(&carrier);
    // Where the kernel does not do it at once, it does it soon: no reason to fail.
    (void)::ioctl(netlink_.fd().get(), SIOCETHTOOL, &request);
}

void Links::set_master(int index, int bridge) {
    NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK);
    message.put(link_header(index)).attr_u32(IFLA_MASTER, static_cast<std::uint32_t>(bridge));
    netlink_.run(message, "putting a network interface on a bridge");
}

void Links::rename(int index, const std::string& name) {
    NetlinkMessage message(RTM_NEWLINK, NLM_F_ACK);
    message.put(link_header(index)).attr_text(IFLA_IFNAME, name);
    netlink_.run(message, cat("naming a network interface ", name));
}

void Links::add_address(int index, const IpPrefix& address) {
    NetlinkMessage message = address_message(RTM_NEWADDR, kCreate, index, address);
    const NetlinkFault fault = netlink_.try_run(message);
    if (fault.error != 0 && fault.error != EEXIST)
        throw_netlink(cat("giving an interface address ", address.to_text()), fault);
}

void Links::remove_address(int index, const IpPrefix& address) {
    NetlinkMessage message = address_message(RTM_DELADDR, NLM_F_ACK, index, address);
    const NetlinkFault fault = netlink_.try_run(message);
    if (fault.error != 0 && fault.error != EADDRNOTAVAIL && fault.error != ENODEV)
        throw_netlink(cat("taking an interface's address ", address.to_text(), " away"), fault);
}

bool Links::wait_for_address(const IpAddress& address, Clock::time_point until) {
    for (;;) {
        NetlinkMessage message(RTM_GETROUTE, 0);
        rtmsg header{};
        header.rtm_family = static_cast<std::uint8_t>(address.family());
        header.rtm_dst_len = static_cast<std::uint8_t>(address.bits());
        message.put(header).attr(RTA_DST, address.raw());
        NetlinkFault fault;
        const auto replies = netlink_.ask(message, "asking for a route", &fault);
        const auto route = replies.empty() ? std::nullopt : header_of<rtmsg>(replies.front().payload);
        const bool ready = fault.error == 0 && route && route->rtm_type == RTN_LOCAL;
        if (ready || Clock::now() >= until) return ready;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
}

void Links::add_route(int index, const IpPrefix& destination, const std::optional<IpAddress>& gateway) {
    NetlinkMessage message = route_message(RTM_NEWROUTE, kCreate, index, destination, gateway);
    const NetlinkFault fault = netlink_.try_run(message);
    if (fault.error != 0 && fault.error != EEXIST)
        throw_netlink(cat("adding a route to ", destination.to_text(), gateway ? cat(" via ", gateway->to_text()) : ""),
                      fault);
}

void Links::remove_route(int index, const IpPrefix& destination, const std::optional<IpAddress>& gateway) {
    NetlinkMessage message = route_message(RTM_DELROUTE, NLM_F_ACK, index, destination, gateway);
    const NetlinkFault fault = netlink_.try_run(message);
    if (fault.error != 0 && fault.error != ESRCH && fault.error != ENODEV)
        throw_netlink(cat("removing the route to ", destination.to_text()), fault);
}

}  // namespace tutti::os
