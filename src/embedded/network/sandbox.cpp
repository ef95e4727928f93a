// A network namespace for one container.
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "embedded/network/network.h"
#include "os/links.h"
#include "os/netns.h"

namespace tutti::embedded::network {

namespace {

os::Fd name_socket(int type, std::uint16_t port) {
    os::Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) base::throw_errno("opening a socket for container names");
    const os::SocketAddress address(*os::IpAddress::parse("127.0.0.11"), port);
    if (::bind(fd.get(), address.get(), address.size) != 0) base::throw_errno("binding 127.0.0.11 for container names");
    if (type == SOCK_STREAM && ::listen(fd.get(), 128) != 0)
        base::throw_errno("listening on 127.0.0.11 for container names");
    return fd;
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
        box.dns_udp = name_socket(SOCK_DGRAM, 53);
        box.dns_tcp = name_socket(SOCK_STREAM, 53);
    });
    return box;
}

}  // namespace tutti::embedded::network
