// A network namespace for one container.
#include <netinet/in.h>  // before the kernel's headers, which then leave its types alone

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <sys/socket.h>

#include "base/error.h"
#include "embedded/network/network.h"
#include "embedded/network/nft.h"
#include "os/links.h"
#include "os/netns.h"

namespace tutti::embedded::network {

namespace {

const os::IpAddress kNames = *os::IpAddress::parse("127.0.0.11");
constexpr std::uint16_t kPort = 53;

os::Fd name_socket(int type, std::uint16_t port) {
    os::Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) base::throw_errno("opening a socket for container names");
    const os::SocketAddress address(kNames, port);
    if (::bind(fd.get(), address.get(), address.size) != 0) base::throw_errno("binding 127.0.0.11 for container names");
    if (type == SOCK_STREAM && ::listen(fd.get(), 128) != 0)
        base::throw_errno("listening on 127.0.0.11 for container names");
    return fd;
}

std::uint16_t port_of(const os::Fd& fd) {
    os::SocketAddress bound;
    bound.size = sizeof bound.storage;
    if (::getsockname(fd.get(), bound.get(), &bound.size) != 0) base::throw_errno("asking for the port of a socket");
    return bound.port();
}

// 127.0.0.11:53 leads to the ports that the sockets really have.
void redirect(const Sandbox& box) {
    constexpr nft::Register at = nft::kRegister0;
    nft::Transaction t("tutti", NFPROTO_IPV4);
    t.add_table().add_chain("output", nft::Hook{"nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST});
    for (const auto& [protocol, fd] : {std::pair{IPPROTO_UDP, &box.dns_udp}, std::pair{IPPROTO_TCP, &box.dns_tcp}}) {
        const char number = static_cast<char>(protocol);
        t.add_rule("output", nft::Rule()
                                 .network_header(16, 4, at)
                                 .equals(at, kNames.raw())
                                 .meta(NFT_META_L4PROTO, at)
                                 .equals(at, {&number, 1})
                                 .transport_header(2, 2, at)
                                 .equals(at, nft::key_of_port(kPort).substr(0, 2))
                                 .load(at, kNames.raw())
                                 .load(at + 1, nft::key_of_port(port_of(*fd)).substr(0, 2))
                                 .dnat(AF_INET, at, at + 1));
    }
    os::Netlink netlink(NETLINK_NETFILTER);
    if (const os::NetlinkFault fault = t.commit(netlink); fault.error != 0)
        os::throw_netlink("leading 127.0.0.11 to the name server", fault);
}

}  // namespace

Sandbox make_sandbox(Names names) {
    Sandbox box;
    box.netns = os::make_netns([&] {
        os::Links().set_up(1);  // loopback is always the first
        // No container believes a router advertisement of its neighbours, and none has IPv6 unless a network gives it.
        os::set_net_sysctl("ipv6/conf/default/accept_ra", "0");
        os::set_net_sysctl("ipv6/conf/default/disable_ipv6", "1");
        // Ports below 1024 are free for every user in a container, as with Docker.
        os::set_net_sysctl("ipv4/ip_unprivileged_port_start", "0");
        if (names == Names::none) return;
        const bool direct = names == Names::served;
        box.dns_udp = name_socket(SOCK_DGRAM, direct ? kPort : 0);
        box.dns_tcp = name_socket(SOCK_STREAM, direct ? kPort : 0);
        if (!direct) redirect(box);
    });
    return box;
}

}  // namespace tutti::embedded::network
