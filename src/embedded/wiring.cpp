#include "embedded/wiring.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "base/trace.h"
#include "embedded/port_specs.h"
#include "os/file.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

static constexpr std::string_view default_network = "bridge";

NetworkChoice network_choice(const engine::ContainerSpec& spec) {
    NetworkChoice choice;
    if (spec.network_mode == "none" || spec.network_mode == "host") {
        choice.mode = spec.network_mode == "none" ? NetworkMode::none : NetworkMode::host;
    } else if (spec.network_mode.starts_with("container:")) {
        choice.mode = NetworkMode::container;
        choice.container = spec.network_mode.substr(std::string_view("container:").size());
    } else {
        choice.endpoints = spec.endpoints;
        std::ranges::stable_sort(choice.endpoints, std::greater{}, &engine::EndpointSpec::priority);
        if (choice.endpoints.empty()) {
            const bool by_default = spec.network_mode.empty() || spec.network_mode == "default";
            choice.endpoints.push_back({.network = by_default ? std::string(default_network) : spec.network_mode});
        }
        return choice;
    }
    if (!spec.endpoints.empty())
        throw Error(ErrorKind::invalid, cat("conflicting options: network mode ", spec.network_mode,
                                            " and the network ", spec.endpoints.front().network));
    return choice;
}

std::string hostname_of(const records::Config& config) {
    if (!config.spec.hostname.empty()) return config.spec.hostname;
    return config.id.substr(0, 12);
}

network::ContainerNames names_of(const records::Config& config) {
    return {.name = config.spec.name, .hostname = hostname_of(config), .domainname = config.spec.domain_name};
}

template <class T>
static std::optional<T> parse_or_refuse(const std::string& text, std::string_view what) {
    if (text.empty()) return std::nullopt;
    auto value = T::parse(text);
    if (!value) throw Error(ErrorKind::invalid, cat("invalid ", what, ": ", text));
    return value;
}

network::EndpointSpec to_network(const engine::EndpointSpec& spec, const std::string& fallback_mac) {
    network::EndpointSpec out;
    out.network = spec.network;
    out.aliases = spec.aliases;
    out.ipv4 = parse_or_refuse<os::IpAddress>(spec.ipv4_address, "IPv4 address");
    out.ipv6 = parse_or_refuse<os::IpAddress>(spec.ipv6_address, "IPv6 address");
    for (const auto& address : spec.link_local_ips)
        out.link_local.push_back(*parse_or_refuse<os::IpAddress>(address, "link-local address"));
    out.mac =
        parse_or_refuse<os::MacAddress>(spec.mac_address.empty() ? fallback_mac : spec.mac_address, "MAC address");
    out.interface_name = spec.interface_name;
    out.gw_priority = spec.gw_priority;
    out.driver_opts = spec.driver_opts;
    return out;
}

engine::Endpoint to_engine(const network::Endpoint& endpoint, const engine::EndpointSpec* wanted) {
    engine::Endpoint out;
    out.network = endpoint.network_name;
    out.network_id = endpoint.network;
    out.endpoint_id = endpoint.id;
    out.interface_name = endpoint.interface;
    out.mac_address = endpoint.mac.to_text();
    if (endpoint.ipv4) {
        out.ipv4_address = endpoint.ipv4->address.to_text();
        out.ipv4_prefix = endpoint.ipv4->length;
    }
    if (endpoint.ipv6) {
        out.ipv6_address = endpoint.ipv6->address.to_text();
        out.ipv6_prefix = endpoint.ipv6->length;
    }
    if (endpoint.gateway_v4) out.gateway = endpoint.gateway_v4->to_text();
    if (endpoint.gateway_v6) out.ipv6_gateway = endpoint.gateway_v6->to_text();
    out.dns_names = endpoint.names;
    if (wanted) out.aliases = wanted->aliases;
    return out;
}

void ensure_default_network(Parts& parts, const std::string& name) {
    if (name != default_network || parts.networks().find(name)) return;
    network::NetworkSpec spec;
    spec.name = name;
    spec.created = base::to_rfc3339(std::chrono::system_clock::now());
    try {
        parts.networks().create(std::move(spec));
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::conflict || !parts.networks().find(name)) throw;  // else another was faster
    }
}

static std::vector<os::IpAddress> addresses(const std::vector<std::string>& texts, std::string_view what) {
    std::vector<os::IpAddress> out;
    for (const auto& text : texts) out.push_back(*parse_or_refuse<os::IpAddress>(text, what));
    return out;
}

static std::vector<std::pair<std::string, std::string>> extra_hosts(const engine::ContainerSpec& spec) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& line : spec.extra_hosts) {
        const auto at = line.find_first_of(":=");
        if (at == std::string::npos || at == 0)
            throw Error(ErrorKind::invalid, cat("bad format for add-host: \"", line, "\""), "write NAME:ADDRESS");
        std::string address = line.substr(at + 1);
        if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
        out.emplace_back(line.substr(0, at), std::move(address));
    }
    return out;
}

static std::string host_name() {
    utsname name{};
    ::uname(&name);
    return name.nodename;
}

static void write_name_files(const records::Config& config, const records::Folder& folder, bool host_network,
                             bool names, Wiring& wiring) {
    dns::HostsFile hosts;
    hosts.hostname = host_network && config.spec.hostname.empty() ? host_name() : hostname_of(config);
    hosts.domainname = config.spec.domain_name;
    hosts.extra = extra_hosts(config.spec);
    for (const auto& endpoint : wiring.attached.endpoints) {
        if (endpoint.ipv4) hosts.addresses.push_back(endpoint.ipv4->address);
        if (endpoint.ipv6) hosts.addresses.push_back(endpoint.ipv6->address);
        if (endpoint.gateway_v4) hosts.host_gateway.push_back(*endpoint.gateway_v4);
        hosts.ipv6 = hosts.ipv6 || endpoint.ipv6;
    }
    if (host_network) hosts.host_gateway.push_back(*os::IpAddress::parse("127.0.0.1"));
    const dns::DnsSpec wanted{.servers = addresses(config.spec.dns, "DNS server"),
                              .search = config.spec.dns_search,
                              .options = config.spec.dns_options};
    const auto host = dns::parse_resolv_conf(os::read_file_if_exists("/etc/resolv.conf").value_or(""));
    const auto conf = names ? dns::conf_for_names(host, wanted) : dns::conf_without_names(host, wanted, host_network);
    const auto add = [&](const char* name, const char* target, const std::string& content) {
        const std::string path = cat(folder.run_path(), '/', name);
        os::write_file(path, content, 0644);
        wiring.files.emplace_back(target, path);
    };
    add("hosts", "/etc/hosts", dns::to_text(hosts));
    add("hostname", "/etc/hostname", dns::hostname_file(hosts.hostname));
    add("resolv.conf", "/etc/resolv.conf", dns::to_text(conf));
}

static void join_container(Parts& parts, const records::Config& config, const std::string& name, Wiring& wiring) {
    const auto other = parts.resolve(name);
    const auto state = other.state();
    if (other.id() == config.id) throw Error(ErrorKind::invalid, "cannot join own network namespace");
    if (!state || records::view(records::look(other, *state)).pid == 0)
        throw Error(ErrorKind::conflict, cat("cannot join network namespace of a non running container: ", name),
                    "start that container first");
    wiring.share = {runtime::Share::Kind::path, cat("/proc/", state->pid, "/ns/net")};
    for (const auto& [target, file] : {std::pair{"/etc/hosts", "hosts"}, std::pair{"/etc/hostname", "hostname"},
                                       std::pair{"/etc/resolv.conf", "resolv.conf"}})
        if (const std::string path = cat(other.run_path(), '/', file); os::exists(path))
            wiring.files.emplace_back(target, path);
}

static void attach(Parts& parts, const records::Config& config, const NetworkChoice& choice, Wiring& wiring) {
    const base::Span span("sandbox and attach", config.spec.name);
    wiring.sandbox =
        network::make_sandbox(serves_names(config.spec) ? network::Names::beside_own_server : network::Names::served);
    wiring.share = {runtime::Share::Kind::path, cat("/proc/", ::getpid(), "/fd/", wiring.sandbox.netns.get())};
    network::AttachSpec spec;
    spec.container = config.id;
    spec.names = names_of(config);
    spec.ports = port_specs(config.spec);
    for (const auto& endpoint : choice.endpoints) {
        ensure_default_network(parts, endpoint.network);
        const bool first = spec.endpoints.empty();
        spec.endpoints.push_back(to_network(endpoint, first ? config.spec.mac_address : std::string()));
    }
    wiring.attached = parts.networks().attach(wiring.sandbox.netns, spec);
}

Wiring wire(Parts& parts, const records::Config& config, const records::Folder& folder) {
    const auto choice = network_choice(config.spec);
    Wiring wiring;
    switch (choice.mode) {
        case NetworkMode::container: join_container(parts, config, choice.container, wiring); return wiring;
        case NetworkMode::host: wiring.share.kind = runtime::Share::Kind::host; break;
        case NetworkMode::none:
            wiring.sandbox = network::make_sandbox(network::Names::none);
            wiring.share = {runtime::Share::Kind::path, cat("/proc/", ::getpid(), "/fd/", wiring.sandbox.netns.get())};
            break;
        case NetworkMode::endpoints: attach(parts, config, choice, wiring); break;
    }
    try {
        write_name_files(config, folder, choice.mode == NetworkMode::host, choice.mode == NetworkMode::endpoints,
                         wiring);
    } catch (...) {
        parts.networks().detach(config.id);
        throw;
    }
    return wiring;
}

}  // namespace tutti::embedded
