// Which subnet a network gets and which address a container gets.
// Used by networks.cpp. Decides from values; only take_address touches the records.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "embedded/network/network.h"
#include "embedded/network/records.h"

namespace tutti::embedded::network {

// Checks what the user wrote and fills in what he left out: driver, subnets, gateways. `occupied` are the subnets of
// other networks, the host's routes and addresses. Throws Error invalid, unsupported, or unavailable (the pools are
// used up).
NetworkSpec complete(NetworkSpec spec, const std::string& id, const std::vector<Pool>& pools,
                     const std::vector<os::IpPrefix>& occupied);

// The address for `container` on one subnet, taken in the records: `wanted` or the lowest free one.
os::IpAddress take_address(Records& records, const Network& network, const SubnetSpec& subnet,
                           const std::optional<os::IpAddress>& wanted, const std::string& container);

// Made from the address, so that a reused address keeps its MAC and nobody's neighbour cache goes stale.
os::MacAddress mac_for(const os::IpAddress& address);

}  // namespace tutti::embedded::network
