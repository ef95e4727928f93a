#include "embedded/network/lab_test.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "embedded/network/nft.h"

namespace tutti::embedded::network::lab {

using base::cat;

namespace {

os::SocketAddress to(const std::string& address, std::uint16_t port) {
    return {os::IpAddress::parse(address).value(), port};
}

os::Fd socket_in(const os::Fd& netns, int family, int type) {
    const os::InNetns inside(netns);
    os::Fd fd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) base::throw_errno("opening a test's socket");
    return fd;
}

os::Fd bound(const os::Fd& netns, const std::string& address, std::uint16_t port, int type) {
    const os::SocketAddress where = to(address, port);
    os::Fd fd = socket_in(netns, where.storage.ss_family, type);
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (where.storage.ss_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(fd.get(), where.get(), where.size) != 0) base::throw_errno(cat("binding ", address));
    return fd;
}

}  // namespace

bool readable(const os::Fd& fd, std::chrono::milliseconds time, PortRelay* relay) {
    const auto end = os::Clock::now() + time;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - os::Clock::now()).count();
        if (left < 0) return false;
        pollfd wanted[2] = {{fd.get(), POLLIN, 0}, {relay != nullptr ? relay->fd() : -1, POLLIN, 0}};
        ::poll(wanted, 2, static_cast<int>(left));
        if (wanted[0].revents != 0) return true;
        if (relay != nullptr) relay->serve();
    }
}

TcpServer::TcpServer(const os::Fd& netns, const std::string& address, std::uint16_t port)
    : listener_(bound(netns, address, port, SOCK_STREAM)) {
    if (::listen(listener_.get(), 16) != 0) base::throw_errno("listening");
}

std::optional<os::IpAddress> TcpServer::serve(std::chrono::milliseconds time, PortRelay* relay) {
    if (!readable(listener_, time, relay)) return std::nullopt;
    os::SocketAddress client;
    client.size = sizeof client.storage;
    const os::Fd connection(::accept4(listener_.get(), client.get(), &client.size, SOCK_CLOEXEC));
    if (!connection) return std::nullopt;
    os::write_all(connection, "hello\n");
    return client.address();
}

std::optional<os::IpAddress> ask_tcp(const os::Fd& from, const std::string& address, std::uint16_t port,
                                     TcpServer& server, std::chrono::milliseconds time, PortRelay* relay) {
    const os::SocketAddress where = to(address, port);
    const os::Fd client = socket_in(from, where.storage.ss_family, SOCK_STREAM);
    if (::connect(client.get(), where.get(), where.size) != 0 && errno != EINPROGRESS) return std::nullopt;
    const auto seen = server.serve(time, relay);
    if (!seen || !readable(client, time, relay)) return std::nullopt;
    char answer[16];
    if (::recv(client.get(), answer, sizeof answer, 0) != 6) return std::nullopt;
    return seen;
}

os::Fd udp_server(const os::Fd& netns, const std::string& address, std::uint16_t port) {
    return bound(netns, address, port, SOCK_DGRAM);
}

std::optional<UdpResult> ask_udp(const os::Fd& from, const std::string& address, std::uint16_t port,
                                 const os::Fd& server, std::chrono::milliseconds time, PortRelay* relay) {
    const os::SocketAddress where = to(address, port);
    const os::Fd client = socket_in(from, where.storage.ss_family, SOCK_DGRAM);
    if (::sendto(client.get(), "ping", 4, 0, where.get(), where.size) != 4) return std::nullopt;
    if (!readable(server, time, relay)) return std::nullopt;
    char text[16];
    os::SocketAddress seen;
    seen.size = sizeof seen.storage;
    if (::recvfrom(server.get(), text, sizeof text, 0, seen.get(), &seen.size) != 4) return std::nullopt;
    if (::sendto(server.get(), "pong", 4, 0, seen.get(), seen.size) != 4) return std::nullopt;
    if (!readable(client, time, relay)) return std::nullopt;
    os::SocketAddress answer;
    answer.size = sizeof answer.storage;
    if (::recvfrom(client.get(), text, sizeof text, 0, answer.get(), &answer.size) != 4) return std::nullopt;
    return UdpResult{seen.address(), answer.address()};
}

Machine::Machine() : home(os::current_netns()) {
    host = os::make_netns([] { os::Links().set_up(1); });
    lan = os::make_netns();
    inside_.emplace(host);
    os::Links here, there(lan);
    here.add_veth({.name = "eth0", .peer_name = "eth0", .peer_mac = {{2, 9, 0, 0, 0, 2}}}, lan);
    const int mine = here.find("eth0").value().index, theirs = there.find("eth0").value().index;
    there.set_up(theirs);
    here.settle("eth0");
    there.settle("eth0");
    here.add_address(mine, os::IpPrefix::parse("10.9.0.1/24").value());
    here.add_address(mine, os::IpPrefix::parse("fd09::1/64").value());
    there.add_address(theirs, os::IpPrefix::parse("10.9.0.2/24").value());
    there.add_address(theirs, os::IpPrefix::parse("fd09::2/64").value());
}

Networks Machine::networks() const { return Networks({.folder = folder.path()}); }

std::vector<std::string> Machine::inventory() const {
    std::vector<std::string> all;
    os::Links links;
    for (const os::Link& link : links.list())
        all.push_back(cat("link ", link.name, " ", link.kind, link.up ? " up" : ""));
    for (const os::LinkAddress& address : links.addresses())
        if (!address.address.address.is_link_local()) all.push_back(cat("address ", address.address.to_text()));
    for (const os::Route& route : links.routes())
        if (!route.destination.address.is_link_local()) all.push_back(cat("route ", route.destination.to_text()));
    os::Netlink netlink(NETLINK_NETFILTER);
    for (const nft::ChainInfo& chain : nft::chains(netlink)) all.push_back(cat("chain ", chain.table, " ", chain.name));
    std::sort(all.begin(), all.end());
    return all;
}

std::string container_id(char digit) { return std::string(64, digit); }

std::string Box::address(std::size_t endpoint) const { return attached.endpoints.at(endpoint).ipv4->address.to_text(); }
std::string Box::address6(std::size_t endpoint) const {
    return attached.endpoints.at(endpoint).ipv6->address.to_text();
}

Box start_on(Networks& networks, char digit, std::vector<EndpointSpec> on, std::vector<PortSpec> ports) {
    Box box;
    box.id = container_id(digit);
    box.sandbox = make_sandbox();
    box.attached = networks.attach(box.sandbox.netns, {.container = box.id,
                                                       .names = {cat("c", digit), "", ""},
                                                       .endpoints = std::move(on),
                                                       .ports = std::move(ports)});
    return box;
}

Box start(Networks& networks, char digit, const std::vector<std::string>& on, std::vector<PortSpec> ports) {
    std::vector<EndpointSpec> endpoints;
    for (const std::string& name : on) endpoints.push_back({.network = name});
    return start_on(networks, digit, std::move(endpoints), std::move(ports));
}

NetworkSpec named(std::string name) {
    NetworkSpec spec;
    spec.name = std::move(name);
    return spec;
}

NetworkSpec dual(std::string name) {
    NetworkSpec spec = named(std::move(name));
    spec.ipv6 = true;
    return spec;
}

PortRelay relay_of(Box& box) {
    PortRelay relay;
    for (PortSocket& socket : box.attached.sockets) relay.add(box.id, std::move(socket));
    return relay;
}

std::string default_route(const os::Fd& netns, int family) {
    os::Links links(netns);
    for (const os::Route& route : links.routes())
        if (route.destination == os::IpPrefix{os::IpAddress::any(family), 0})
            for (const os::Link& link : links.list())
                if (link.index == route.link && link.name != "lo") return link.name;
    return {};
}

void Machine::wait_for_links_to_go() const {
    os::Links links;
    const auto end = os::Clock::now() + 10s;
    const auto is_veth = [](const os::Link& link) { return link.name.starts_with("ttv"); };
    for (auto all = links.list(); std::any_of(all.begin(), all.end(), is_veth) && os::Clock::now() < end;
         all = links.list())
        std::this_thread::yield();
}

}  // namespace tutti::embedded::network::lab
