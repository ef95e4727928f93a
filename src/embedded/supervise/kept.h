// The names under which a container's shim keeps sockets for its supervisor. Used by start and the supervisor. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "embedded/network/endpoint.h"

namespace tutti::embedded::supervise {

inline constexpr std::string_view dns_sockets = "dns";  // UDP, then TCP

std::string port_name(const network::PublishedPort& port);  // "port tcp 80 0.0.0.0 8080 172.17.0.2"
std::optional<network::PublishedPort> parse_port_name(std::string_view name);

}  // namespace tutti::embedded::supervise
