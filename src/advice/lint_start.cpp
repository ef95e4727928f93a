#include "advice/lint_rules.h"
#include "base/text.h"

namespace tutti::advice::rules {

using base::cat;

void start_order(const model::Project& project, Findings& out) {
    for (const auto& [name, service] : project.services) {
        if (!service.restart.empty() && service.restart != "no") continue;  // it comes back until the other is ready
        for (const auto& [needed, dependency] : service.depends_on) {
            const auto other = project.services.find(needed);
            if (dependency.condition != "service_started" || other == project.services.end()) continue;
            if (!is_database(other->second.image)) continue;
            const bool checked = other->second.healthcheck && !other->second.healthcheck->test.empty();
            out.push_back({"starts-too-early",
                           {"services", name, "depends_on", needed},
                           cat(name, " starts as soon as ", needed,
                               " runs, not when it is ready, and is not restarted "
                               "when it ends because of that"),
                           cat("write `", needed, ": {condition: service_healthy}`",
                               checked ? "" : cat(" and give ", needed, " a healthcheck"))});
        }
    }
}

namespace {

bool share_a_network(const model::Service& a, const model::Service& b) {
    if (!a.network_mode.empty() || !b.network_mode.empty()) return true;  // not to be judged from here
    if (a.networks.empty() && b.networks.empty()) return true;
    for (const auto& [network, attachment] : a.networks)
        if (b.networks.count(network) != 0) return true;
    return false;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '/' || c == '\\';
}

// "kafka:9092", "http://kafka:9092/x", "postgresql://u:p@kafka:9092/db": the name, a colon, a digit.
bool addresses(std::string_view text, std::string_view name) {
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
        const bool starts = at == 0 || !is_name_character(text[at - 1]) || text.substr(0, at).ends_with("://");
        const auto end = at + name.size();
        if (starts && end + 1 < text.size() && text[end] == ':' && text[end + 1] >= '0' && text[end + 1] <= '9')
            return true;
    }
    return false;
}

}  // namespace

void reachability(const model::Project& project, Findings& out) {
    for (const auto& [name, service] : project.services)
        for (const auto& [variable, value] : service.environment) {
            if (!value || value->empty()) continue;
            for (const auto& [other, target] : project.services)
                if (other != name && !share_a_network(service, target) && addresses(*value, other))
                    out.push_back({"no-common-network",
                                   {"services", name, "environment", variable},
                                   cat(name, " and ", other, " share no network: ", other, " will not resolve there"),
                                   cat("put both on one network")});
        }
}

}  // namespace tutti::advice::rules
