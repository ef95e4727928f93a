#include "embedded/networks.h"

#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "embedded/list.h"
#include "embedded/supervise/membership.h"
#include "embedded/wiring.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

template <class T>
static std::optional<T> parse(const std::string& text, std::string_view what) {
    if (text.empty()) return std::nullopt;
    auto value = T::parse(text);
    if (!value) throw Error(ErrorKind::invalid, cat("invalid ", what, ": ", text));
    return value;
}

static network::SubnetSpec to_network(const engine::IpamPool& pool) {
    network::SubnetSpec out;
    out.subnet = parse<os::IpPrefix>(pool.subnet, "subnet");
    out.ip_range = parse<os::IpPrefix>(pool.ip_range, "ip_range");
    out.gateway = parse<os::IpAddress>(pool.gateway, "gateway");
    for (const auto& [name, address] : pool.aux_addresses)
        out.auxiliary.emplace(name, *parse<os::IpAddress>(address, "auxiliary address"));
    return out;
}

static engine::Network to_engine(const network::Network& network) {
    engine::Network out;
    out.id = network.id;
    out.name = network.spec.name;
    out.driver = network.spec.driver;
    out.driver_opts = network.spec.options;
    out.ipam_driver = network.spec.ipam_driver.empty() ? "default" : network.spec.ipam_driver;
    for (const auto& subnet : network.spec.subnets) {
        engine::IpamPool pool;
        if (subnet.subnet) pool.subnet = subnet.subnet->to_text();
        if (subnet.ip_range) pool.ip_range = subnet.ip_range->to_text();
        if (subnet.gateway) pool.gateway = subnet.gateway->to_text();
        for (const auto& [name, address] : subnet.auxiliary) pool.aux_addresses.emplace(name, address.to_text());
        out.ipam.push_back(std::move(pool));
    }
    out.internal = network.spec.internal;
    out.attachable = network.spec.attachable;
    out.enable_ipv4 = network.spec.ipv4;
    out.enable_ipv6 = network.spec.ipv6;
    out.labels = network.spec.labels;
    out.created = base::parse_rfc3339(network.spec.created).value_or(engine::Time{});
    return out;
}

std::vector<engine::Network> NetworksFace::list(const engine::LabelFilter& labels) {
    std::vector<engine::Network> out;
    for (const auto& network : parts_.networks().list())
        if (engine::matches(network.spec.labels, labels)) out.push_back(to_engine(network));
    return out;
}

std::optional<engine::Network> NetworksFace::find(const std::string& name) {
    const auto network = parts_.networks().find(name);
    if (!network) return std::nullopt;
    auto out = to_engine(*network);
    for (const auto& endpoint : parts_.networks().endpoints(network->id)) {
        engine::Network::Member member;
        member.container_id = endpoint.container;
        if (const auto state = parts_.folder(endpoint.container).state()) member.container_name = state->name;
        member.endpoint_id = endpoint.id;
        member.mac_address = endpoint.mac.to_text();
        if (endpoint.ipv4) member.ipv4_address = endpoint.ipv4->to_text();
        if (endpoint.ipv6) member.ipv6_address = endpoint.ipv6->to_text();
        out.members.push_back(std::move(member));
    }
    return out;
}

std::string NetworksFace::create(const engine::NetworkSpec& spec) {
    if (spec.name == "host" || spec.name == "none" || spec.name == "default")
        throw Error(ErrorKind::conflict, cat("network with name ", spec.name, " already exists"));
    network::NetworkSpec wanted;
    wanted.name = spec.name;
    wanted.driver = spec.driver.empty() || spec.driver == "default" ? "bridge" : spec.driver;
    wanted.internal = spec.internal;
    wanted.ipv4 = spec.enable_ipv4.value_or(true);
    wanted.ipv6 = spec.enable_ipv6.value_or(false);
    wanted.attachable = spec.attachable;
    wanted.ipam_driver = spec.ipam_driver;
    if (spec.ingress) throw Error(ErrorKind::unsupported, "ingress networks are not supported: they need a swarm");
    if (!spec.ipam_options.empty())
        throw Error(ErrorKind::unsupported, cat("ipam option ", spec.ipam_options.begin()->first, " is not supported"));
    for (const auto& pool : spec.ipam) wanted.subnets.push_back(to_network(pool));
    wanted.options = spec.driver_opts;
    wanted.labels = spec.labels;
    wanted.created = base::to_rfc3339(std::chrono::system_clock::now());
    const auto made = parts_.networks().create(std::move(wanted));
    records::tell(parts_.events(), "network", "create", made.id,
                  {{"name", made.spec.name}, {"type", made.spec.driver}});
    return made.id;
}

static network::Network require(Parts& parts, const std::string& name) {
    auto network = parts.networks().find(name);
    if (!network) throw Error(ErrorKind::not_found, cat("network ", name, " not found"));
    return std::move(*network);
}

void NetworksFace::remove(const std::string& name) {
    const auto network = require(parts_, name);
    parts_.networks().remove(network.id);
    records::tell(parts_.events(), "network", "destroy", network.id,
                  {{"name", network.spec.name}, {"type", network.spec.driver}});
}

static bool is_named(const engine::EndpointSpec& endpoint, const network::Network& network) {
    return endpoint.network == network.spec.name || endpoint.network == network.id;
}

void NetworksFace::connect(const std::string& name, const std::string& container, const engine::EndpointSpec& wanted) {
    const auto network = require(parts_, name);
    const auto folder = parts_.resolve(container);
    const auto lock = folder.lock();
    auto config = folder.config();
    auto evidence = evidence_of(folder);
    auto& state = evidence.state;
    const auto choice = network_choice(config.spec);
    if (choice.mode == NetworkMode::host || choice.mode == NetworkMode::container)
        throw Error(ErrorKind::conflict,
                    cat("container sharing network namespace with another container or host cannot be "
                        "connected to any other network"));
    auto& endpoints = config.spec.endpoints;
    // Without any network, as after leaving its last one, it has a namespace of its own that this one comes into.
    if (choice.mode == NetworkMode::none)
        state.network_mode = config.spec.network_mode = network.spec.name;
    else if (endpoints.empty())
        endpoints = choice.endpoints;
    if (std::ranges::any_of(endpoints, [&](const auto& known) { return is_named(known, network); }))
        throw Error(ErrorKind::conflict,
                    cat("endpoint with name ", state.name, " already exists in network ", network.spec.name));
    auto endpoint = wanted;
    endpoint.network = network.spec.name;
    endpoints.push_back(endpoint);
    if (records::view(evidence).pid != 0) {
        const auto netns = os::open(cat("/proc/", state.pid, "/ns/net"), O_RDONLY);
        const auto made = parts_.networks().connect(netns, folder.id(), names_of(config), to_network(endpoint));
        state.endpoints.push_back(embedded::to_engine(made, &endpoint));
    } else {
        state.endpoints.push_back({.network = endpoint.network, .aliases = endpoint.aliases});
    }
    folder.save(config);
    folder.save(state);
    supervise::Membership(parts_.paths().run, config.project).touch(folder.id());
    records::tell(parts_.events(), "network", "connect", network.id,
                  {{"container", folder.id()}, {"name", network.spec.name}, {"type", network.spec.driver}});
}

void NetworksFace::disconnect(const std::string& name, const std::string& container, bool force) {
    const auto network = require(parts_, name);
    const auto folder = parts_.resolve(container);
    const auto lock = folder.lock();
    auto config = folder.config();
    auto evidence = evidence_of(folder);
    auto& state = evidence.state;
    auto& endpoints = config.spec.endpoints;
    if (endpoints.empty() && network_choice(config.spec).mode == NetworkMode::endpoints)
        endpoints = network_choice(config.spec).endpoints;
    if (std::erase_if(endpoints, [&](const auto& known) { return is_named(known, network); }) == 0) {
        if (force) return;
        throw Error(ErrorKind::invalid,
                    cat("container ", container, " is not connected to network ", network.spec.name));
    }
    if (endpoints.empty())
        config.spec.network_mode = "none";
    else if (config.spec.network_mode == network.spec.name)
        config.spec.network_mode = endpoints.front().network;
    if (records::view(evidence).pid != 0) {
        const auto netns = os::open(cat("/proc/", state.pid, "/ns/net"), O_RDONLY);
        parts_.networks().disconnect(netns, folder.id(), network.id);
    }
    std::erase_if(state.endpoints, [&](const auto& known) { return known.network == network.spec.name; });
    state.network_mode = config.spec.network_mode;
    folder.save(config);
    folder.save(state);
    supervise::Membership(parts_.paths().run, config.project).touch(folder.id());
    records::tell(parts_.events(), "network", "disconnect", network.id,
                  {{"container", folder.id()}, {"name", network.spec.name}, {"type", network.spec.driver}});
}

std::vector<std::string> NetworksFace::prune(const engine::LabelFilter& labels) {
    std::vector<std::string> used, out;
    for_each_container(parts_, [&](const records::Folder&, const records::Evidence& evidence) {
        for (const auto& endpoint : evidence.state.endpoints) used.push_back(endpoint.network);
    });
    for (const auto& network : list(labels)) {
        const bool needed = std::ranges::find(used, network.name) != used.end();
        if (needed || network.name == "bridge") continue;
        remove(network.id);
        out.push_back(network.name);
    }
    return out;
}

}  // namespace tutti::embedded
