// From a question to our own answer: which name of which network, in Docker's order. Pure but for reading the zones.
// Used by the server. Asks nobody outside.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "embedded/dns/message.h"
#include "embedded/dns/zone.h"

namespace tutti::embedded::dns {

struct Scope {                                 // what one container can see
    std::vector<std::shared_ptr<Zone>> zones;  // in the order of its endpoints
    const std::map<std::string, std::string>* links = nullptr;
};

struct Resolved {
    std::vector<Answer> answers;  // may be empty: the name is ours and has nothing of this type
};
// Nothing: the name is not ours.
std::optional<Resolved> resolve(const Query& query, const Scope& scope, std::mt19937_64& random);

}  // namespace tutti::embedded::dns
