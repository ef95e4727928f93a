// Creating, finding and removing networks, and their bridges.
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "embedded/network/ipam.h"
#include "embedded/network/options.h"
#include "embedded/network/state.h"
#include "os/netns.h"
#include "os/process.h"

namespace tutti::embedded::network {

using base::cat;
using base::Error;
using base::ErrorKind;
using os::FileLock;

namespace {

// FNV-1a: only has to differ between state folders, and to stay the same for one.
std::uint32_t tag_of(const std::string& folder) {
    std::uint32_t hash = 2166136261U;
    for (const char c : folder) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash | 1U;  // group 0 is where everybody's links are
}

std::vector<os::IpPrefix> occupied(const Records& records, os::Links& links, const std::vector<os::IpPrefix>& avoid) {
    std::vector<os::IpPrefix> all = avoid;
    for (const Network& network : records.networks())
        for (const SubnetSpec& subnet : network.spec.subnets) all.push_back(*subnet.subnet);
    for (const os::Route& route : links.routes())
        if (route.destination.length != 0) all.push_back(route.destination);
    for (const os::LinkAddress& address : links.addresses())
        if (!address.address.address.is_loopback() && !address.address.address.is_link_local())
            all.push_back(address.address.network());
    return all;
}

os::MacAddress bridge_mac(const std::string& id) {
    os::MacAddress mac{{0x02}};
    for (std::size_t i = 1; i < 6; ++i)
        mac.bytes[i] = static_cast<std::uint8_t>(base::to_uint(std::string_view(id).substr(2 * i, 2), 16).value_or(0));
    return mac;
}

}  // namespace

std::string random_id() {
    unsigned char bytes[32];
    if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) base::throw_errno("drawing a random id");
    return base::to_hex(bytes);
}

std::string process_mark(int pid) {
    const std::uint64_t began = os::process_start_time(pid);
    return began == 0 ? std::string() : cat(pid, " ", began);
}

const SubnetSpec* Network::subnet_of(int family) const {
    for (const SubnetSpec& subnet : spec.subnets)
        if (subnet.subnet && subnet.subnet->address.family() == family) return &subnet;
    return nullptr;
}

Networks::State::State(Options given)
    : options(std::move(given)),
      tag(tag_of(options.folder)),
      records(options.folder, options.run_folder),
      firewall(tag) {}

Network Networks::State::require(std::string_view name_or_id) const {
    auto network = records.find(name_or_id);
    if (!network) throw Error(ErrorKind::not_found, cat("network ", name_or_id, " not found"));
    return std::move(*network);
}

void Networks::State::enable_forwarding(const Network& network) {
    if (network.spec.internal) return;
    if (network.spec.ipv4 && os::net_sysctl("ipv4/ip_forward") == "0") os::set_net_sysctl("ipv4/ip_forward", "1");
    if (!network.spec.ipv6 || os::net_sysctl("ipv6/conf/all/forwarding") != "0") return;
    // A router no longer believes advertisements: interfaces that live by them must say that they still want to (2).
    for (const os::Link& link : links.list()) {
        const std::string accept = cat("ipv6/conf/", link.name, "/accept_ra");
        if (link.group != tag && os::net_sysctl(accept) == "1") os::set_net_sysctl(accept, "2");
    }
    os::set_net_sysctl("ipv6/conf/all/forwarding", "1");
}

int Networks::State::ensure_bridge(const Network& network) {
    if (const auto link = links.find(network.bridge); link && link->up && link->kind == "bridge") return link->index;
    // One makes it, the others wait; they hold only the shared lock of the records.
    const FileLock guard = FileLock::wait(cat(options.folder, "/bridges"));
    auto link = links.find(network.bridge);
    if (link && link->kind != "bridge")
        throw Error(ErrorKind::conflict,
                    cat("network ", network.spec.name, ": interface ", network.bridge, " of this host is no bridge"));
    if (!link) {
        link = links.add_bridge(
            {.name = network.bridge, .group = tag, .mtu = mtu_of(network.spec), .mac = bridge_mac(network.id)});
        // Beside a port on 127.0.0.1 (the table's guard keeps others off that address).
        os::set_net_sysctl(cat("ipv4/conf/", network.bridge, "/route_localnet"), network.spec.internal ? "0" : "1");
        os::set_net_sysctl(cat("ipv6/conf/", network.bridge, "/accept_ra"), "0");
        links.without_link_local(network.bridge);
        os::set_net_sysctl(cat("ipv6/conf/", network.bridge, "/disable_ipv6"), network.spec.ipv6 ? "0" : "1");
    }
    for (const SubnetSpec& subnet : network.spec.subnets)
        links.add_address(link->index, {*subnet.gateway, subnet.subnet->length});
    // The kernel's own link-local address would be looked for duplicates first, and what is forwarded waits for it.
    if (network.spec.ipv6) links.add_address(link->index, *os::IpPrefix::parse("fe80::1/64"));
    if (!link->up) links.set_up(link->index);
    enable_forwarding(network);
    if (const SubnetSpec* v6 = network.subnet_of(AF_INET6))
        links.wait_for_address(*v6->gateway, os::Clock::now() + std::chrono::milliseconds(200));
    return link->index;
}

void Networks::State::remove_bridge(const Network& network) {
    if (network.bridge.empty()) return;
    const auto link = links.find(network.bridge);
    // A bridge that was there before us stays.
    if (!link || link->group != tag) return;
    // One with a name that was asked for may be made again at once, and must be gone then.
    const bool named = network.spec.options.contains("com.docker.network.bridge.name");
    if (!options.remove_aside || named) return links.remove(link->index);
    for (const SubnetSpec& subnet : network.spec.subnets)  // free for the next network from now on
        links.remove_address(link->index, {*subnet.gateway, subnet.subnet->length});
    options.remove_aside(network.bridge);
}

void Networks::State::add_pieces(const std::vector<FirewallPiece>& pieces, Guard& guard) {
    if (pieces.empty() || !options.firewall || firewall.add(pieces)) return;
    rebuild_firewall_alone(guard);
}

void Networks::State::remove_pieces(const std::vector<FirewallPiece>& pieces, Guard& guard) {
    if (pieces.empty() || !options.firewall || firewall.remove(pieces)) return;
    rebuild_firewall_alone(guard);
}

std::vector<FirewallPiece> Networks::State::all_pieces() const {
    std::vector<FirewallPiece> all;
    for (const Network& network : records.networks()) {
        for (FirewallPiece& piece : pieces_of(network)) all.push_back(std::move(piece));
        for (const Endpoint& endpoint : records.endpoints(network))
            for (const PublishedPort& port : endpoint.ports)
                for (FirewallPiece& piece : pieces_of(port)) all.push_back(std::move(piece));
    }
    return all;
}

void Networks::State::rebuild_firewall() {
    if (!options.firewall) return;
    const auto pieces = all_pieces();
    pieces.empty() ? firewall.drop_table() : firewall.rebuild(pieces);
    open_foreign_chains();
}

std::vector<std::string> Networks::State::open_foreign_chains() {
    if (!options.firewall) return {};
    std::vector<std::string> bridges;
    for (const Network& network : records.networks())
        if (!network.bridge.empty()) bridges.push_back(network.bridge);
    return firewall.open_foreign_chains(bridges);
}

void Networks::State::forget_flows(const Endpoint& endpoint) {
    const bool udp = std::any_of(endpoint.ports.begin(), endpoint.ports.end(),
                                 [](const PublishedPort& port) { return port.protocol == Protocol::udp; });
    if (!udp || !options.firewall) return;
    if (endpoint.ipv4) firewall.forget_flows(endpoint.ipv4->address);
    if (endpoint.ipv6) firewall.forget_flows(endpoint.ipv6->address);
}

std::vector<std::string> Networks::closed_by_others() {
    const std::lock_guard alone(state_->mutex);
    return state_->open_foreign_chains();
}

void Networks::State::rebuild_firewall_alone(Guard& guard) {
    guard.reset();  // or we would wait for ourselves
    guard.emplace(records.lock(FileLock::Mode::exclusive));
    rebuild_firewall();
}

Networks::Networks(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Networks::~Networks() = default;
Networks::Networks(Networks&&) noexcept = default;
Networks& Networks::operator=(Networks&&) noexcept = default;

Network Networks::create(NetworkSpec spec) {
    State& s = *state_;
    const std::lock_guard alone(s.mutex);
    Guard guard = s.records.lock(FileLock::Mode::exclusive);
    Network network;
    network.id = random_id();
    network.spec =
        complete(std::move(spec), network.id, s.options.pools, occupied(s.records, s.links, s.options.avoid));
    const auto others = s.records.networks();
    if (network.spec.driver == "bridge") network.bridge = bridge_name(network.spec, network.id);
    for (const Network& other : others) {
        if (other.spec.name == network.spec.name)
            throw Error(ErrorKind::conflict, cat("network with name ", network.spec.name, " already exists"));
        if (!network.bridge.empty() && other.bridge == network.bridge)
            throw Error(ErrorKind::conflict, cat("network ", network.spec.name, ": the bridge ", network.bridge,
                                                 " belongs to network ", other.spec.name));
    }
    s.records.write(network);
    try {
        s.add_pieces(pieces_of(network), guard);
        if (!network.bridge.empty()) s.ensure_bridge(network);
        s.open_foreign_chains();
    } catch (...) {
        // Half a network is none.
        s.records.remove(network);
        s.remove_pieces(pieces_of(network), guard);
        s.remove_bridge(network);
        throw;
    }
    return *find(network.id);
}

std::optional<Network> Networks::find(std::string_view name_or_id) const { return state_->records.find(name_or_id); }
std::vector<Network> Networks::list() const { return state_->records.networks(); }

std::vector<Endpoint> Networks::endpoints(std::string_view name_or_id) const {
    return state_->records.endpoints(state_->require(name_or_id));
}

void Networks::remove(std::string_view name_or_id) {
    State& s = *state_;
    const base::Span span("remove network", name_or_id);
    const std::lock_guard alone(s.mutex);
    Guard guard = s.records.lock(FileLock::Mode::exclusive);
    const Network network = s.require(name_or_id);
    if (const auto there = s.records.endpoints(network); !there.empty()) {
        std::vector<std::string> names;
        for (const Endpoint& endpoint : there)
            names.push_back(endpoint.names.empty() ? endpoint.container : endpoint.names[0]);
        throw Error(ErrorKind::conflict,
                    cat("network ", network.spec.name, " has active endpoints: ", base::join(names, ", ")),
                    "stop these containers or disconnect them first");
    }
    {
        const base::Span bridge("remove bridge", network.bridge);
        s.remove_bridge(network);
    }
    s.records.remove(network);
    if (s.records.networks().empty())
        s.rebuild_firewall();
    else
        s.remove_pieces(pieces_of(network), guard);
    s.open_foreign_chains();
}

}  // namespace tutti::embedded::network
