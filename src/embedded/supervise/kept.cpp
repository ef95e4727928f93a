#include "embedded/supervise/kept.h"

#include "base/text.h"

namespace tutti::embedded::supervise {

using base::cat;

std::string port_name(const network::PublishedPort& port) {
    return cat("port ", network::to_text(port.protocol), ' ', port.container_port, ' ', port.host_ip.to_text(), ' ',
               port.host_port, ' ', port.container_ip.to_text());
}

std::optional<network::PublishedPort> parse_port_name(std::string_view name) {
    const auto words = base::split(name, ' ');
    if (words.size() != 6 || words[0] != "port") return std::nullopt;
    network::PublishedPort port;
    if (words[1] != "tcp" && words[1] != "udp") return std::nullopt;
    port.protocol = words[1] == "udp" ? network::Protocol::udp : network::Protocol::tcp;
    const auto container_port = base::to_uint(words[2]), host_port = base::to_uint(words[4]);
    const auto host = os::IpAddress::parse(words[3]), container = os::IpAddress::parse(words[5]);
    if (!container_port || !host_port || !host || !container) return std::nullopt;
    port.container_port = static_cast<std::uint16_t>(*container_port);
    port.host_port = static_cast<std::uint16_t>(*host_port);
    port.host_ip = *host;
    port.container_ip = *container;
    return port;
}

}  // namespace tutti::embedded::supervise
