#include "embedded/dns/resolve.h"

#include <algorithm>

#include "base/text.h"

namespace tutti::embedded::dns {

namespace {

struct Found {
    const Zone* zone;
    std::string name;
};

// The whole name in any network; then a.b in network c, and a in network b.c, for the name a.b.c.
std::optional<Found> find(const std::string& name, const Scope& scope) {
    for (const auto& zone : scope.zones)
        if (zone->has(name)) return Found{zone.get(), name};
    for (std::size_t dot = name.rfind('.'); dot != name.npos && dot != 0; dot = name.rfind('.', dot - 1)) {
        const std::string host = name.substr(0, dot), network = name.substr(dot + 1);
        for (const auto& zone : scope.zones)
            if (base::to_lower(zone->network()) == network && zone->has(host)) return Found{zone.get(), host};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Resolved> resolve(const Query& query, const Scope& scope, std::mt19937_64& random) {
    if (query.type == static_cast<std::uint16_t>(Type::ptr)) {
        if (const auto address = reverse_address(query.name)) {
            for (const auto& zone : scope.zones)
                if (const auto name = zone->name_of(*address)) return Resolved{{name_answer(*name)}};
        }
    }
    std::string name = query.name;
    if (scope.links != nullptr)
        if (const auto link = scope.links->find(name); link != scope.links->end()) name = base::to_lower(link->second);
    const auto found = find(name, scope);
    if (!found) return std::nullopt;
    Resolved resolved;
    const bool v4 = query.type == static_cast<std::uint16_t>(Type::a);
    if (!v4 && query.type != static_cast<std::uint16_t>(Type::aaaa)) return resolved;
    std::vector<os::IpAddress> addresses = found->zone->addresses(found->name, v4 ? AF_INET : AF_INET6);
    std::shuffle(addresses.begin(), addresses.end(), random);
    for (const os::IpAddress& address : addresses) resolved.answers.push_back(address_answer(address));
    return resolved;
}

}  // namespace tutti::embedded::dns
