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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_' || c == '.';
}

// "kafka:9092", "http://kafka:9092/x", "postgresql://u:p@kafka:9092/db": the name, a colon, a digit. No part of a path.
std::vector<std::string_view> addressed(std::string_view text) {
    std::vector<std::string_view> names;
    for (auto colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
        if (colon + 1 >= text.size() || !is_digit(text[colon + 1])) continue;
        std::size_t start = colon;
        while (start > 0 && is_name_character(text[start - 1])) --start;
        const std::string_view before = text.substr(0, start);
        const bool in_path = before.ends_with('/') || before.ends_with('\\');
        if (start < colon && (!in_path || before.ends_with("://"))) names.push_back(text.substr(start, colon - start));
    }
    return names;
}

}  // namespace

void reachability(const model::Project& project, Findings& out) {
    for (const auto& [name, service] : project.services)
        for (const auto& [variable, value] : service.environment) {
            if (!value) continue;
            for (const std::string_view other : addressed(*value)) {
                const auto target = project.services.find(other);
                if (target == project.services.end() || other == name || share_a_network(service, target->second))
                    continue;
                out.push_back({"no-common-network",
                               {"services", name, "environment", variable},
                               cat(name, " and ", other, " share no network: ", other, " will not resolve there"),
                               "put both on one network"});
            }
        }
}

}  // namespace tutti::advice::rules
