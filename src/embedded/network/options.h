// The driver options of networks and endpoints: which there are, what they say.
// Used by ipam.cpp (checking) and networks.cpp (meaning). An option that is not here is refused by name, never ignored.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/network/network.h"

namespace tutti::embedded::network {

void check_options(const NetworkSpec& spec);  // throws Error invalid or unsupported
void check_options(const EndpointSpec& spec);

bool option_is_on(const NetworkSpec& spec, std::string_view key, bool otherwise);
int mtu_of(const NetworkSpec& spec);  // 0: the kernel's
std::string bridge_name(const NetworkSpec& spec, const std::string& id);
std::string interface_prefix(const NetworkSpec& spec);  // "eth"
std::optional<os::IpAddress> default_host_ip(const NetworkSpec& spec);
bool may_talk_among_themselves(const NetworkSpec& spec);  // enable_icc
bool masquerades(const NetworkSpec& spec, int family);
std::vector<std::pair<std::string, std::string>> sysctls_of(const EndpointSpec& spec, const std::string& interface);
std::string interface_name_of(const EndpointSpec& spec);  // empty: choose one
void check_interface_name(std::string_view name);

}  // namespace tutti::embedded::network
