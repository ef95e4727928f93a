#include "embedded/network/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::network {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

constexpr int kDraws = 20;  // of an ephemeral port that must be free in both families

// Nothing, with errno set, if the address cannot be bound.
os::Fd try_bind(Protocol protocol, const os::IpAddress& address, std::uint16_t port) {
    const int type = protocol == Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
    os::Fd fd(::socket(address.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fd;
    const int on = 1;
    if (!address.is_v4()) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    // Connections of an earlier container that linger must not hold the port.
    if (protocol == Protocol::tcp) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const os::SocketAddress where(address, port);
    if (::bind(fd.get(), where.get(), where.size) != 0) return {};
    if (protocol == Protocol::tcp && ::listen(fd.get(), 512) != 0) return {};
    return fd;
}

std::uint16_t bound_port(const os::Fd& fd) {
    os::SocketAddress bound;
    bound.size = sizeof bound.storage;
    if (::getsockname(fd.get(), bound.get(), &bound.size) != 0) base::throw_errno("asking for the port of a socket");
    return bound.port();
}

std::string describe(const PortSpec& spec, const os::IpAddress& address, std::uint16_t port) {
    const std::string host = address.is_v4() ? address.to_text() : cat("[", address.to_text(), "]");
    return cat(host, ":", port, "/", to_text(spec.protocol));
}

// All addresses with one port (0: drawn by the first). Empty, with errno set, if one is taken.
std::vector<PortSocket> try_all(const PortSpec& spec, const std::vector<os::IpAddress>& addresses, std::uint16_t port,
                                const std::function<os::IpAddress(int family)>& container_address) {
    std::vector<PortSocket> sockets;
    for (const os::IpAddress& address : addresses) {
        os::Fd fd = try_bind(spec.protocol, address, port);
        if (!fd) {
            // A host without IPv6 publishes on IPv4 alone.
            if (addresses.size() == 2 && !address.is_v4() && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
                continue;
            if (errno == EADDRINUSE) return {};
            if (errno == EADDRNOTAVAIL)
                throw Error(ErrorKind::invalid, cat("this host has no address ", address.to_text()),
                            "publish on an address that 'ip address' shows, or on none to mean all", errno);
            base::throw_errno(cat("binding ", describe(spec, address, port)));
        }
        if (port == 0) port = bound_port(fd);
        sockets.push_back(
            {{spec.protocol, spec.container_port, address, port, container_address(address.family())}, std::move(fd)});
    }
    return sockets;
}

}  // namespace

std::vector<PortSocket> reserve_port(const PortSpec& spec, const std::optional<os::IpAddress>& default_host_ip,
                                     const std::function<os::IpAddress(int family)>& container_address) {
    const auto host = spec.host_ip ? spec.host_ip : default_host_ip;
    std::vector<os::IpAddress> addresses;
    if (host)
        addresses.push_back(*host);
    else
        addresses = {os::IpAddress::any(AF_INET), os::IpAddress::any(AF_INET6)};

    const bool ephemeral = spec.host_first == 0;
    const int tries = ephemeral ? kDraws : std::max(spec.host_first, spec.host_last) - spec.host_first + 1;
    for (int i = 0; i < tries; ++i) {
        const auto port = static_cast<std::uint16_t>(ephemeral ? 0 : spec.host_first + i);
        auto sockets = try_all(spec, addresses, port, container_address);
        if (!sockets.empty()) return sockets;
    }
    if (ephemeral) throw Error(ErrorKind::unavailable, "no free port is left on this host");
    if (tries > 1)
        throw Error(ErrorKind::conflict, cat("all ports from ", spec.host_first, " to ", spec.host_last, "/",
                                             to_text(spec.protocol), " are already in use"));
    throw Error(ErrorKind::conflict,
                cat("port ", describe(spec, addresses.front(), spec.host_first), " is already in use"),
                "stop what holds it, or publish another port", EADDRINUSE);
}

}  // namespace tutti::embedded::network
