// A container comes onto its networks, changes them, and leaves.
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "embedded/network/ipam.h"
#include "embedded/network/options.h"
#include "embedded/network/ports.h"
#include "embedded/network/state.h"
#include "os/netns.h"

namespace tutti::embedded::network {

using base::cat;
using base::Error;
using base::ErrorKind;
using os::FileLock;

namespace {

struct Planned {
    Network network;
    EndpointSpec spec;
    Endpoint endpoint;
};

void add_name(std::vector<std::string>& names, const std::string& name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

Planned plan(Network network, const EndpointSpec& spec, const std::string& container, const ContainerNames& names) {
    check_options(spec);
    Planned planned{std::move(network), spec, {}};
    Endpoint& endpoint = planned.endpoint;
    endpoint.container = container;
    endpoint.id = random_id();
    endpoint.attacher = process_mark(::getpid());
    endpoint.network = planned.network.id;
    endpoint.network_name = planned.network.spec.name;
    endpoint.gw_priority = spec.gw_priority;
    endpoint.internal = planned.network.spec.internal;
    endpoint.link_local = spec.link_local;
    if (!planned.network.bridge.empty()) endpoint.host_interface = cat("ttv", endpoint.id.substr(0, 12));
    const auto gateway = [&](int family) -> std::optional<os::IpAddress> {
        const SubnetSpec* subnet = planned.network.subnet_of(family);
        if (subnet == nullptr || endpoint.internal) return std::nullopt;
        return subnet->gateway;
    };
    endpoint.gateway_v4 = gateway(AF_INET);
    endpoint.gateway_v6 = gateway(AF_INET6);
    add_name(endpoint.names, names.name);
    for (const std::string& alias : spec.aliases) add_name(endpoint.names, alias);
    add_name(endpoint.names, container.substr(0, 12));
    add_name(endpoint.names, names.hostname);
    if (!names.hostname.empty() && !names.domainname.empty())
        add_name(endpoint.names, cat(names.hostname, ".", names.domainname));
    return planned;
}

// eth0, eth1, … in the order of the default-route rule, around the names that the user chose.
void name_interfaces(std::vector<Planned>& all, std::vector<std::string> used) {
    for (Planned& planned : all) {
        planned.endpoint.interface = interface_name_of(planned.spec);
        if (planned.endpoint.interface.empty()) continue;
        if (std::find(used.begin(), used.end(), planned.endpoint.interface) != used.end())
            throw Error(ErrorKind::conflict,
                        cat("two interfaces of a container cannot both be named ", planned.endpoint.interface));
        used.push_back(planned.endpoint.interface);
    }
    for (Planned& planned : all) {
        if (!planned.endpoint.interface.empty()) continue;
        const std::string prefix = interface_prefix(planned.network.spec);
        for (int i = 0; planned.endpoint.interface.empty(); ++i) {
            std::string name = cat(prefix, i);
            if (std::find(used.begin(), used.end(), name) != used.end()) continue;
            used.push_back(name);
            planned.endpoint.interface = std::move(name);
        }
    }
}

void take_addresses(Records& records, Planned& planned) {
    Endpoint& endpoint = planned.endpoint;
    const auto take = [&](int family, const std::optional<os::IpAddress>& wanted) -> std::optional<os::IpPrefix> {
        const SubnetSpec* subnet = planned.network.subnet_of(family);
        if (subnet != nullptr)
            return os::IpPrefix{take_address(records, planned.network, *subnet, wanted, endpoint.container),
                                subnet->subnet->length};
        if (wanted)
            throw Error(ErrorKind::invalid,
                        cat("network ", planned.network.spec.name, " has no ", family == AF_INET ? "IPv4" : "IPv6",
                            " subnet for address ", wanted->to_text()));
        return std::nullopt;
    };
    endpoint.ipv4 = take(AF_INET, planned.spec.ipv4);
    endpoint.ipv6 = take(AF_INET6, planned.spec.ipv6);
    endpoint.mac =
        planned.spec.mac ? *planned.spec.mac : mac_for(endpoint.ipv4 ? endpoint.ipv4->address : endpoint.ipv6->address);
}

// The endpoint through which ports are published: the first that leads outside.
Endpoint* port_endpoint(std::vector<Planned>& all) {
    for (Planned& planned : all)
        if (!planned.network.bridge.empty() && !planned.network.spec.internal) return &planned.endpoint;
    return nullptr;
}

void publish(std::vector<Planned>& all, const AttachSpec& spec, Attached& result) {
    if (spec.ports.empty()) return;
    Endpoint* endpoint = port_endpoint(all);
    if (endpoint == nullptr) {
        for (const PortSpec& port : spec.ports)
            result.notes.push_back(cat("port ", port.container_port, "/", to_text(port.protocol),
                                       " is not published: the container is on no bridge network that leads outside"));
        return;
    }
    const auto found = std::find_if(all.begin(), all.end(), [&](const Planned& p) { return &p.endpoint == endpoint; });
    const auto container_address = [&](int family) {
        const auto& same = family == AF_INET ? endpoint->ipv4 : endpoint->ipv6;
        return same ? same->address : (endpoint->ipv4 ? endpoint->ipv4 : endpoint->ipv6)->address;
    };
    for (const PortSpec& port : spec.ports) {
        for (PortSocket& socket : reserve_port(port, default_host_ip(found->network.spec), container_address)) {
            endpoint->ports.push_back(socket.port);
            result.sockets.push_back(std::move(socket));
        }
    }
}

// One interface in the container, with its addresses.
void make_interface(os::Links& host, int bridge, std::uint32_t tag, const Planned& planned, const os::Fd& netns,
                    os::Links& inside) {
    const Endpoint& endpoint = planned.endpoint;
    const NetworkSpec& spec = planned.network.spec;
    if (!planned.network.bridge.empty()) {
        host.add_veth({.name = endpoint.host_interface,
                       .peer_name = endpoint.interface,
                       .group = tag,
                       .master = bridge,
                       .mtu = mtu_of(spec),
                       .peer_mac = endpoint.mac,
                       .isolated = !may_talk_among_themselves(spec),
                       // With br_netfilter a container's packets to its own published port never leave the bridge.
                       .hairpin = !endpoint.ports.empty()},
                      netns);
    } else {
        const std::string parent = spec.options.at("parent");
        const auto link = host.find(parent);
        if (!link)
            throw Error(ErrorKind::not_found, cat("network ", spec.name, ": this host has no interface ", parent));
        const auto mode = spec.options.find(cat(spec.driver, "_mode"));
        host.add_macvlan({.kind = spec.driver,
                          .name = endpoint.interface,
                          .parent = link->index,
                          .mtu = mtu_of(spec),
                          .mode = mode != spec.options.end() ? mode->second
                                  : spec.driver == "macvlan" ? "bridge"
                                                             : "l2",
                          .mac = spec.driver == "macvlan" ? std::optional(endpoint.mac) : std::nullopt},
                         netns);
    }
    const auto link = inside.find(endpoint.interface);
    if (!link) throw Error(ErrorKind::internal, cat("interface ", endpoint.interface, " is not in the container"));
    const auto sysctls = sysctls_of(planned.spec, endpoint.interface);
    if (endpoint.ipv6 || !sysctls.empty()) {
        const os::InNetns in(netns);
        if (endpoint.ipv6) os::set_net_sysctl(cat("ipv6/conf/", endpoint.interface, "/disable_ipv6"), "0");
        for (const auto& [name, value] : sysctls)
            if (!os::set_net_sysctl(name, value))
                throw Error(ErrorKind::invalid, cat("there is no sysctl net/", name), "look below /proc/sys/net");
    }
    if (!link->up) inside.set_up(link->index);
    inside.settle(endpoint.interface);
    if (!planned.network.bridge.empty()) {
        host.settle(endpoint.host_interface);
        host.settle(planned.network.bridge);
    }
    if (endpoint.ipv4) inside.add_address(link->index, *endpoint.ipv4);
    if (endpoint.ipv6) inside.add_address(link->index, *endpoint.ipv6);
    for (const os::IpAddress& address : endpoint.link_local)
        inside.add_address(link->index, {address, address.is_v4() ? 16 : 64});
}

void wait_for_addresses(os::Links& inside, const std::vector<Endpoint>& endpoints) {
    const auto until = os::Clock::now() + std::chrono::milliseconds(200);
    for (const Endpoint& endpoint : endpoints)
        if (endpoint.ipv6) inside.wait_for_address(endpoint.ipv6->address, until);
}

// The default route of each family leads through the first endpoint that has a gateway; all others are taken away.
void set_default_routes(os::Links& inside, const std::vector<Endpoint>& ordered, bool fresh) {
    for (const int family : {AF_INET, AF_INET6}) {
        const os::IpPrefix everywhere{os::IpAddress::any(family), 0};
        const Endpoint* first = nullptr;
        for (const Endpoint& endpoint : ordered)
            if (first == nullptr && (family == AF_INET ? endpoint.gateway_v4 : endpoint.gateway_v6)) first = &endpoint;
        const auto link = first == nullptr ? std::nullopt : inside.find(first->interface);
        const auto gateway = first == nullptr    ? std::nullopt
                             : family == AF_INET ? first->gateway_v4
                                                 : first->gateway_v6;
        bool there = false;
        if (!fresh)
            for (const os::Route& route : inside.routes()) {
                if (route.destination != everywhere) continue;
                if (link && route.link == link->index && route.gateway == gateway)
                    there = true;
                else
                    inside.remove_route(route.link, route.destination, route.gateway);
            }
        if (link && !there) inside.add_route(link->index, everywhere, gateway);
    }
}

std::vector<FirewallPiece> port_pieces(const Endpoint& endpoint) {
    std::vector<FirewallPiece> pieces;
    for (const PublishedPort& port : endpoint.ports)
        for (FirewallPiece& piece : pieces_of(port)) pieces.push_back(std::move(piece));
    return pieces;
}

}  // namespace

bool goes_before(const Endpoint& a, const Endpoint& b) {
    const auto key = [](const Endpoint& e) {
        const int gateways = (e.gateway_v4 ? 1 : 0) + (e.gateway_v6 ? 1 : 0);
        return std::tuple(-e.gw_priority, e.internal, -gateways);
    };
    if (key(a) != key(b)) return key(a) < key(b);
    return a.network_name < b.network_name;
}

std::vector<Endpoint> Networks::State::endpoints_of(const std::string& container) const {
    std::vector<Endpoint> all;
    for (const Network& network : records.networks())
        if (auto endpoint = records.endpoint(network, container)) all.push_back(std::move(*endpoint));
    std::sort(all.begin(), all.end(), goes_before);
    return all;
}

Attached Networks::attach(const os::Fd& netns, const AttachSpec& spec) {
    State& s = *state_;
    const base::Span waiting("attach, and wait for others", spec.names.name);
    const std::lock_guard alone(s.mutex);
    const base::Span span("attach", spec.names.name);
    Guard guard = s.records.lock(FileLock::Mode::shared);
    s.detach(spec.container, guard);  // what a killed start of the same container left
    std::vector<Planned> all;
    for (const EndpointSpec& wanted : spec.endpoints) {
        Planned planned = plan(s.require(wanted.network), wanted, spec.container, spec.names);
        for (const Planned& other : all)
            if (other.network.id == planned.network.id)
                throw Error(ErrorKind::invalid,
                            cat("a container is on network ", planned.network.spec.name, " only once"));
        all.push_back(std::move(planned));
    }
    std::sort(all.begin(), all.end(),
              [](const Planned& a, const Planned& b) { return goes_before(a.endpoint, b.endpoint); });
    name_interfaces(all, {});

    Attached result;
    try {
        for (Planned& planned : all) take_addresses(s.records, planned);
        publish(all, spec, result);
        for (const Planned& planned : all) s.records.write(planned.endpoint);
        os::Links inside(netns);
        std::vector<FirewallPiece> pieces;
        for (const Planned& planned : all) {
            const int bridge = planned.network.bridge.empty() ? 0 : s.ensure_bridge(planned.network);
            make_interface(s.links, bridge, s.tag, planned, netns, inside);
            for (FirewallPiece& piece : port_pieces(planned.endpoint)) pieces.push_back(std::move(piece));
            result.endpoints.push_back(planned.endpoint);
        }
        set_default_routes(inside, result.endpoints, true);
        s.add_pieces(pieces, guard);
        wait_for_addresses(inside, result.endpoints);
    } catch (...) {
        for (const Planned& planned : all) {
            s.records.remove(planned.endpoint);
            if (const auto link = s.links.find(planned.endpoint.host_interface)) s.links.remove(link->index);
        }
        throw;
    }
    return result;
}

Endpoint Networks::connect(const os::Fd& netns, const std::string& container, const ContainerNames& names,
                           const EndpointSpec& spec) {
    State& s = *state_;
    const std::lock_guard alone(s.mutex);
    Guard guard = s.records.lock(FileLock::Mode::shared);
    Planned planned = plan(s.require(spec.network), spec, container, names);
    std::vector<Endpoint> all = s.endpoints_of(container);
    std::vector<std::string> used;
    for (const Endpoint& other : all) {
        if (other.network == planned.network.id)
            throw Error(ErrorKind::conflict,
                        cat("the container is on network ", planned.network.spec.name, " already"));
        used.push_back(other.interface);
    }
    std::vector<Planned> one;
    one.push_back(std::move(planned));
    name_interfaces(one, used);
    Endpoint& endpoint = one.front().endpoint;
    try {
        take_addresses(s.records, one.front());
        s.records.write(endpoint);
        os::Links inside(netns);
        const int bridge = one.front().network.bridge.empty() ? 0 : s.ensure_bridge(one.front().network);
        make_interface(s.links, bridge, s.tag, one.front(), netns, inside);
        all.push_back(endpoint);
        std::sort(all.begin(), all.end(), goes_before);
        set_default_routes(inside, all, false);
        wait_for_addresses(inside, {endpoint});
    } catch (...) {
        s.records.remove(endpoint);
        if (const auto link = s.links.find(endpoint.host_interface)) s.links.remove(link->index);
        throw;
    }
    return endpoint;
}

void Networks::disconnect(const os::Fd& netns, const std::string& container, std::string_view network_name) {
    State& s = *state_;
    const std::lock_guard alone(s.mutex);
    Guard guard = s.records.lock(FileLock::Mode::shared);
    const Network network = s.require(network_name);
    const auto endpoint = s.records.endpoint(network, container);
    if (!endpoint) throw Error(ErrorKind::not_found, cat("the container is not on network ", network.spec.name));
    os::Links inside(netns);
    if (const auto link = inside.find(endpoint->interface)) inside.remove(link->index);
    s.records.remove(*endpoint);
    set_default_routes(inside, s.endpoints_of(container), false);
    s.remove_pieces(port_pieces(*endpoint), guard);
    s.forget_flows(*endpoint);
}

void Networks::State::detach(const std::string& container, Guard& guard) {
    const std::vector<Endpoint> all = endpoints_of(container);
    std::vector<FirewallPiece> pieces;
    for (const Endpoint& endpoint : all) {
        records.forget(endpoint);  // the names are gone; the addresses not before no port leads to them
        for (FirewallPiece& piece : port_pieces(endpoint)) pieces.push_back(std::move(piece));
    }
    remove_pieces(pieces, guard);
    for (const Endpoint& endpoint : all) {
        forget_flows(endpoint);
        records.remove(endpoint);
    }
}

void Networks::detach(const std::string& container) {
    State& s = *state_;
    const base::Span span("detach", container);
    const std::lock_guard alone(s.mutex);
    Guard guard = s.records.lock(FileLock::Mode::shared);
    s.detach(container, guard);
}

std::vector<Endpoint> Networks::endpoints_of(const std::string& container) const {
    return state_->endpoints_of(container);
}

}  // namespace tutti::embedded::network
