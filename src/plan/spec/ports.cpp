// Published and exposed ports.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "plan/spec/spec.h"

namespace tutti::plan::spec {
namespace {

using base::cat;

// "8000-8010/udp" → each port of it.
void add_exposed(const std::string& text, std::vector<std::string>& ports) {
    const auto parts = base::split(text, '/');
    const std::string_view protocol = parts.size() > 1 ? parts[1] : "tcp";
    const auto range = base::split(parts[0], '-');
    const auto first = base::to_uint(range.front()), last = base::to_uint(range.back());
    if (!first || !last || *first > *last || *last > 65535)
        throw base::Error(base::ErrorKind::invalid, cat("invalid port range: ", text));
    for (std::uint64_t port = *first; port <= *last; ++port) ports.push_back(cat(port, "/", protocol));
}

}  // namespace

void add_ports(const model::Service& service, engine::ContainerSpec& spec) {
    for (const model::Port& port : service.ports) {
        const std::string protocol = port.protocol.empty() ? "tcp" : port.protocol;
        spec.exposed_ports.push_back(cat(port.target, "/", protocol));
        spec.ports.push_back({port.host_ip, port.published, static_cast<std::uint16_t>(port.target), protocol});
    }
    for (const std::string& exposed : service.expose) add_exposed(exposed, spec.exposed_ports);
    std::sort(spec.exposed_ports.begin(), spec.exposed_ports.end());
    spec.exposed_ports.erase(std::unique(spec.exposed_ports.begin(), spec.exposed_ports.end()),
                             spec.exposed_ports.end());
}

}  // namespace tutti::plan::spec
