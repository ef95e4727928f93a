#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "model/short_form.h"

namespace tutti::model {

namespace {

struct Range {
    std::int64_t first = 0, last = 0;
};

std::optional<std::int64_t> parse_port_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto number = base::to_int(text);
    return number && *number >= 0 && *number <= 65535 ? number : std::nullopt;
}

std::optional<Range> parse_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const std::string_view first_text = text.substr(0, dash);
    const auto first = parse_port_number(first_text);
    if (!first) return std::nullopt;
    if (dash == std::string_view::npos || text.substr(dash + 1) == first_text) return Range{*first, *first};
    const auto last = parse_port_number(text.substr(dash + 1));
    if (!last || *last < *first) return std::nullopt;
    return Range{*first, *last};
}

// Takes the brackets off an IPv6 address; false for what Go's SplitHostPort refuses.
bool take_brackets(std::string_view& address) {
    if (!address.starts_with('[')) return true;
    const std::size_t end = address.find(']');
    if (end != address.size() - 1 || address.find('[', 1) != std::string_view::npos) return false;
    address = address.substr(1, end - 1);
    return true;
}

struct PortSpec {
    std::string_view address, host, container;
    std::string protocol = "tcp";
};

PortSpec split_port(std::string_view text) {
    PortSpec spec;
    spec.container = text;
    if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        spec.container = text.substr(colon + 1);
        spec.host = text.substr(0, colon);
        if (const std::size_t before = spec.host.rfind(':'); before != std::string_view::npos) {
            spec.address = spec.host.substr(0, before);
            spec.host = spec.host.substr(before + 1);
        }
    }
    if (const std::size_t slash = spec.container.find('/'); slash != std::string_view::npos) {
        if (slash + 1 < spec.container.size()) spec.protocol = base::to_lower(spec.container.substr(slash + 1));
        spec.container = spec.container.substr(0, slash);
    }
    return spec;
}

std::string published_text(const PortSpec& spec, Range host, std::int64_t offset, bool single) {
    if (spec.host.empty()) return {};
    if (single && host.first != host.last) return base::cat(host.first, '-', host.last);
    return base::cat(host.first + offset);
}

}  // namespace

bool is_ip_address(std::string_view text) {
    const std::string terminated(text);
    if (terminated.find('\0') != std::string::npos) return false;
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(AF_INET, terminated.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1;
}

Parsed<std::vector<Port>> parse_ports(std::string_view text) {
    PortSpec spec = split_port(text);
    if (spec.container.empty()) return {{}, base::cat("no port specified: ", text, "<empty>")};
    if (spec.protocol != "tcp" && spec.protocol != "udp" && spec.protocol != "sctp")
        return {{}, base::cat("invalid proto: ", spec.protocol)};
    if (!take_brackets(spec.address)) return {{}, base::cat("invalid IP address ", spec.address)};
    if (!spec.address.empty() && !is_ip_address(spec.address))
        return {{}, base::cat("invalid IP address: ", spec.address)};

    const auto container = parse_range(spec.container);
    if (!container) return {{}, base::cat("invalid containerPort: ", spec.container)};
    Range host;
    if (!spec.host.empty()) {
        const auto range = parse_range(spec.host);
        if (!range) return {{}, base::cat("invalid hostPort: ", spec.host)};
        host = *range;
        if (container->first != container->last && container->last - container->first != host.last - host.first)
            return {{},
                    base::cat("invalid ranges specified for container and host Ports: ", spec.container, " and ",
                              spec.host)};
    }

    Parsed<std::vector<Port>> ports;
    const bool single = container->first == container->last;
    for (std::int64_t target = container->first; target <= container->last; ++target) {
        Port port;
        port.mode = "ingress";
        port.host_ip = spec.address;
        port.target = static_cast<std::uint32_t>(target);
        port.published = published_text(spec, host, target - container->first, single);
        port.protocol = spec.protocol;
        ports.value.push_back(std::move(port));
    }
    if (std::to_string(container->first).size() != std::to_string(container->last).size())
        std::sort(ports.value.begin(), ports.value.end(),
                  [](const Port& a, const Port& b) { return std::to_string(a.target) < std::to_string(b.target); });
    return ports;
}

}  // namespace tutti::model
