#include "embedded/port_specs.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

struct Range {
    std::uint16_t first = 0, last = 0;
};

Range parse_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = base::to_uint(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : base::to_uint(text.substr(dash + 1));
    if (!first || !last || *first > *last || *last > 65535)
        throw Error(ErrorKind::invalid, cat("invalid port range: ", text));
    return {static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

network::Protocol protocol_of(std::string_view text) {
    if (text.empty() || text == "tcp") return network::Protocol::tcp;
    if (text == "udp") return network::Protocol::udp;
    if (text == "sctp")
        throw Error(ErrorKind::unsupported, "publishing sctp ports is not supported", "tcp and udp are");
    throw Error(ErrorKind::invalid, cat("invalid protocol of a port: ", text));
}

struct Exposed {
    Range ports;
    std::string protocol;
};

Exposed parse_exposed(std::string_view text) {
    const auto slash = text.find('/');
    return {parse_range(text.substr(0, slash)),
            slash == std::string_view::npos ? "tcp" : std::string(text.substr(slash + 1))};
}

}  // namespace

std::vector<network::PortSpec> port_specs(const engine::ContainerSpec& spec) {
    std::vector<network::PortSpec> out;
    for (const auto& port : spec.ports) {
        network::PortSpec entry;
        entry.protocol = protocol_of(port.protocol);
        entry.container_port = port.container_port;
        if (!port.host_ip.empty()) {
            entry.host_ip = os::IpAddress::parse(port.host_ip);
            if (!entry.host_ip) throw Error(ErrorKind::invalid, cat("invalid IP address of a port: ", port.host_ip));
        }
        if (!port.host_port.empty()) {
            const Range range = parse_range(port.host_port);
            entry.host_first = range.first;
            entry.host_last = range.last;
        }
        out.push_back(entry);
    }
    if (!spec.publish_all) return out;
    for (const auto& text : spec.exposed_ports) {
        const Exposed exposed = parse_exposed(text);
        for (unsigned number = exposed.ports.first; number <= exposed.ports.last; ++number) {
            const auto protocol = protocol_of(exposed.protocol);
            const bool published = std::ranges::any_of(out, [&](const network::PortSpec& port) {
                return port.container_port == number && port.protocol == protocol;
            });
            if (!published) out.push_back({.protocol = protocol, .container_port = static_cast<std::uint16_t>(number)});
        }
    }
    return out;
}

bool serves_names(const engine::ContainerSpec& spec) {
    constexpr std::uint16_t kNames = 53;
    return std::ranges::any_of(spec.ports, [](const auto& port) { return port.container_port == kNames; }) ||
           std::ranges::any_of(spec.exposed_ports, [](const std::string& text) {
               const Range range = parse_exposed(text).ports;
               return range.first <= kNames && kNames <= range.last;
           });
}

std::vector<engine::PublishedPort> published_ports(const std::vector<network::Endpoint>& endpoints,
                                                   const engine::ContainerSpec& spec) {
    std::vector<engine::PublishedPort> out;
    for (const auto& endpoint : endpoints)
        for (const auto& port : endpoint.ports)
            out.push_back({.host_ip = port.host_ip.to_text(),
                           .host_port = port.host_port,
                           .container_port = port.container_port,
                           .protocol = std::string(network::to_text(port.protocol))});
    for (const auto& text : spec.exposed_ports) {
        const Exposed exposed = parse_exposed(text);
        for (unsigned number = exposed.ports.first; number <= exposed.ports.last; ++number) {
            const bool published = std::ranges::any_of(out, [&](const engine::PublishedPort& port) {
                return port.container_port == number && port.protocol == exposed.protocol;
            });
            if (published) continue;
            out.push_back({.container_port = static_cast<std::uint16_t>(number), .protocol = exposed.protocol});
        }
    }
    return out;
}

}  // namespace tutti::embedded
