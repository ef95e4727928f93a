#include "embedded/network/ipam.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "embedded/network/options.h"

namespace tutti::embedded::network {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using os::IpAddress;
using os::IpPrefix;

bool is_free(const IpPrefix& candidate, const std::vector<IpPrefix>& occupied) {
    return std::none_of(occupied.begin(), occupied.end(),
                        [&](const IpPrefix& other) { return candidate.overlaps(other); });
}

std::optional<IpPrefix> from_pools(int family, const std::vector<Pool>& pools, const std::vector<IpPrefix>& occupied) {
    for (const Pool& pool : pools) {
        if (pool.base.address.family() != family || pool.length < pool.base.length) continue;
        IpPrefix candidate{pool.base.first(), pool.length};
        for (; pool.base.contains(candidate.address); candidate.address = candidate.last().plus(1)) {
            if (is_free(candidate, occupied)) return candidate;
            if (candidate.last() == pool.base.last()) break;
        }
    }
    return std::nullopt;
}

// A unique local /64 (RFC 4193) out of the network's random id.
IpPrefix unique_local(const std::string& id) {
    std::array<std::uint8_t, 16> bytes{0xfd};
    for (std::size_t i = 1; i < 8; ++i)
        bytes[i] = static_cast<std::uint8_t>(base::to_uint(std::string_view(id).substr(2 * i, 2), 16).value_or(0));
    return {IpAddress::v6(bytes), 64};
}

// The subnet's own address and, in IPv4, the broadcast address belong to nobody.
bool is_usable(const IpPrefix& subnet, const IpAddress& address) {
    if (!subnet.contains(address)) return false;
    if (subnet.length >= address.bits() - 1) return true;
    return address != subnet.first() && (!address.is_v4() || address != subnet.last());
}

void check_subnet(const SubnetSpec& spec, const std::string& network) {
    const IpPrefix& subnet = *spec.subnet;
    const auto refuse = [&](std::string_view what, std::string_view value) {
        throw Error(ErrorKind::invalid,
                    cat("network ", network, ": ", what, " ", value, " is not inside the subnet ", subnet.to_text()));
    };
    if (subnet.network() != subnet)
        throw Error(ErrorKind::invalid, cat("network ", network, ": invalid subnet ", subnet.to_text(),
                                            ": it should be ", subnet.network().to_text()));
    if (subnet.length > subnet.address.bits() - 2)
        throw Error(ErrorKind::invalid,
                    cat("network ", network, ": the subnet ", subnet.to_text(), " has no room for containers"));
    if (subnet.address.is_multicast() || subnet.address.is_loopback() || subnet.length == 0)
        throw Error(ErrorKind::invalid,
                    cat("network ", network, ": ", subnet.to_text(), " cannot be a container network"));
    if (spec.gateway && !is_usable(subnet, *spec.gateway)) refuse("gateway", spec.gateway->to_text());
    if (spec.ip_range && (!subnet.contains(spec.ip_range->address) || spec.ip_range->length < subnet.length))
        refuse("ip_range", spec.ip_range->to_text());
    for (const auto& [name, address] : spec.auxiliary)
        if (!subnet.contains(address)) refuse(cat("aux_address ", name), address.to_text());
}

void check_family_once(const NetworkSpec& spec) {
    for (const int family : {AF_INET, AF_INET6}) {
        const auto count = std::count_if(spec.subnets.begin(), spec.subnets.end(), [&](const SubnetSpec& subnet) {
            return subnet.subnet && subnet.subnet->address.family() == family;
        });
        if (count > 1)
            throw Error(ErrorKind::unsupported,
                        cat("network ", spec.name, " has ", count, " ", family == AF_INET ? "IPv4" : "IPv6",
                            " subnets; one of each family is possible"));
    }
}

void check_name(const std::string& name) {
    const bool bad =
        name.empty() || name.size() > 200 || name.front() == '.' || base::trim(name) != name ||
        std::any_of(name.begin(), name.end(), [](unsigned char c) { return c == '/' || c < 0x20 || c == 0x7f; });
    if (bad) throw Error(ErrorKind::invalid, cat("'", name, "' cannot be the name of a network"));
}

// The subnet of one family: what the user wrote, else from the pools; without one the family is off.
void complete_family(NetworkSpec& spec, int family, const std::string& id, const std::vector<Pool>& pools,
                     const std::vector<IpPrefix>& occupied) {
    auto found = std::find_if(spec.subnets.begin(), spec.subnets.end(), [&](const SubnetSpec& subnet) {
        return subnet.subnet && subnet.subnet->address.family() == family;
    });
    if (found == spec.subnets.end()) {
        std::optional<IpPrefix> subnet = from_pools(family, pools, occupied);
        if (!subnet && family == AF_INET6) subnet = unique_local(id);
        if (!subnet)
            throw Error(ErrorKind::unavailable, "all predefined address pools have been fully subnetted",
                        "remove networks that nobody uses, or name a subnet under ipam.config of this network");
        // "ip_range without subnet" cannot be said: it names no network.
        spec.subnets.push_back({.subnet = subnet, .ip_range = {}, .gateway = {}, .auxiliary = {}});
        found = spec.subnets.end() - 1;
    } else if (!is_free(*found->subnet, occupied)) {
        throw Error(ErrorKind::conflict,
                    cat("network ", spec.name, ": the subnet ", found->subnet->to_text(),
                        " overlaps another network or a route of this host"),
                    "choose another subnet, or none to get a free one");
    }
    check_subnet(*found, spec.name);
    if (!found->gateway) {
        IpAddress first = (found->ip_range ? *found->ip_range : *found->subnet).first();
        if (first == found->subnet->first()) first = first.plus(1);
        const auto taken = [&](const IpAddress& address) {
            return std::any_of(found->auxiliary.begin(), found->auxiliary.end(),
                               [&](const auto& entry) { return entry.second == address; });
        };
        while (taken(first)) first = first.plus(1);
        found->gateway = first;
    }
}

}  // namespace

std::vector<Pool> default_pools() {
    std::vector<Pool> pools;
    for (std::uint32_t second = 17; second <= 31; ++second)
        pools.push_back({{IpAddress::v4(172u << 24 | second << 16), 16}, 16});
    pools.push_back({{IpAddress::v4(192u << 24 | 168u << 16), 16}, 20});
    return pools;
}

NetworkSpec complete(NetworkSpec spec, const std::string& id, const std::vector<Pool>& pools,
                     const std::vector<IpPrefix>& occupied) {
    if (spec.driver.empty()) spec.driver = "bridge";
    check_name(spec.name);
    check_options(spec);
    if (!spec.ipam_driver.empty() && spec.ipam_driver != "default")
        throw Error(ErrorKind::unsupported, cat("network ", spec.name, ": the address driver '", spec.ipam_driver,
                                                "' is not there; use 'default'"));
    if (!spec.ipv4 && !spec.ipv6)
        throw Error(ErrorKind::invalid, cat("network ", spec.name, " has neither IPv4 nor IPv6"));
    for (const SubnetSpec& subnet : spec.subnets) {
        if (!subnet.subnet && (subnet.ip_range || subnet.gateway || !subnet.auxiliary.empty()))
            throw Error(ErrorKind::invalid,
                        cat("network ", spec.name, ": ip_range, gateway and aux_addresses need a subnet beside them"));
        if (!subnet.subnet) continue;
        const bool v4 = subnet.subnet->address.is_v4();
        if (v4 ? !spec.ipv4 : !spec.ipv6)
            throw Error(ErrorKind::invalid, cat("network ", spec.name, ": the subnet ", subnet.subnet->to_text(),
                                                " needs enable_ipv", v4 ? "4" : "6", ": true"));
    }
    std::erase_if(spec.subnets, [](const SubnetSpec& subnet) { return !subnet.subnet; });
    check_family_once(spec);
    if (spec.ipv4) complete_family(spec, AF_INET, id, pools, occupied);
    if (spec.ipv6) complete_family(spec, AF_INET6, id, pools, occupied);
    return spec;
}

os::IpAddress take_address(Records& records, const Network& network, const SubnetSpec& subnet,
                           const std::optional<IpAddress>& wanted, const std::string& container) {
    const auto reserved = [&](const IpAddress& address) {
        return address == subnet.gateway || std::any_of(subnet.auxiliary.begin(), subnet.auxiliary.end(),
                                                        [&](const auto& entry) { return entry.second == address; });
    };
    if (wanted) {
        if (!is_usable(*subnet.subnet, *wanted))
            throw Error(ErrorKind::invalid, cat("the address ", wanted->to_text(), " is not inside the subnet ",
                                                subnet.subnet->to_text(), " of network ", network.spec.name));
        if (*wanted == subnet.gateway)
            throw Error(ErrorKind::conflict,
                        cat("the address ", wanted->to_text(), " is the gateway of network ", network.spec.name));
        if (!records.take_address(network.id, *wanted, container))
            throw Error(ErrorKind::conflict,
                        cat("the address ", wanted->to_text(), " on network ", network.spec.name,
                            " is in use by container ", records.holder(network.id, *wanted).substr(0, 12)));
        return *wanted;
    }
    const IpPrefix range = subnet.ip_range.value_or(*subnet.subnet).network();
    const auto taken = records.taken(network.id);
    auto next = std::lower_bound(taken.begin(), taken.end(), range.first());
    for (IpAddress candidate = range.first();; candidate = candidate.plus(1)) {
        while (next != taken.end() && *next < candidate) ++next;
        const bool free = next == taken.end() || *next != candidate;
        if (free && is_usable(*subnet.subnet, candidate) && !reserved(candidate) &&
            records.take_address(network.id, candidate, container))
            return candidate;
        if (candidate == range.last()) break;
    }
    throw Error(ErrorKind::unavailable,
                cat("no free address is left on network ", network.spec.name, " (", range.to_text(), ")"),
                "give the network a larger subnet");
}

os::MacAddress mac_for(const IpAddress& address) {
    os::MacAddress mac{{0x02, 0x42}};
    const std::string_view raw = address.raw();
    for (std::size_t i = 0; i < 4; ++i) mac.bytes[2 + i] = static_cast<std::uint8_t>(raw[raw.size() - 4 + i]);
    return mac;
}

}  // namespace tutti::embedded::network
