// Reserves host ports by binding them. Used by networks.cpp; knows no rule and no container.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "embedded/network/endpoint.h"

namespace tutti::embedded::network {

// One socket for a host address, or one of each family with the same port where none is given. TCP sockets listen.
// `container_address` says where a host address of a family leads. Throws Error conflict when the port (all ports of
// the range) are taken, invalid when the host has no such address.
std::vector<PortSocket> reserve_port(const PortSpec& spec, const std::optional<os::IpAddress>& default_host_ip,
                                     const std::function<os::IpAddress(int family)>& container_address);

}  // namespace tutti::embedded::network
