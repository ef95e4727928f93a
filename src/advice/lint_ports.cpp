#include <map>
#include <set>

#include "advice/lint_rules.h"
#include "base/text.h"

namespace tutti::advice::rules {

using base::cat;

namespace {

struct Published {
    const std::string* service;
    const model::Service* of;
    std::uint64_t port;
    const model::Port* written;
    bool active;
};

std::vector<Published> all_published(const model::Project& project, bool other_profiles) {
    std::vector<Published> all;
    for (const auto* services : {&project.services, &project.disabled_services}) {
        const bool active = services == &project.services;
        if (!active && !other_profiles) continue;
        for (const auto& [name, service] : *services) {
            if (!active && service.profiles.empty()) continue;  // left out by its name, not by a profile
            for (const model::Port& port : service.ports)
                if (const auto number = base::to_uint(port.published); number && *number != 0)
                    all.push_back({&name, &service, *number, &port, active});
        }
    }
    return all;
}

bool everywhere(std::string_view ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }

bool clash(const Published& a, const Published& b) {
    return a.port == b.port && a.written->protocol == b.written->protocol && a.service != b.service &&
           (everywhere(a.written->host_ip) || everywhere(b.written->host_ip) ||
            a.written->host_ip == b.written->host_ip);
}

// Both in profiles that are off, or exclusive by intent: only one of always-active ones is a trap.
bool matters(const Published& a, const Published& b) { return a.active || b.active; }

std::uint64_t free_port(const std::vector<Published>& all, std::uint64_t from) {
    std::set<std::uint64_t> taken;
    for (const Published& one : all) taken.insert(one.port);
    while (taken.count(++from) != 0) {}
    return from;
}

}  // namespace

void published_ports(const model::Project& project, const LintOptions& options, Findings& out) {
    const std::vector<Published> all = all_published(project, options.other_profiles);
    std::map<std::uint64_t, std::vector<const Published*>> by_port;
    for (const Published& one : all) {
        auto& others = by_port[one.port];
        for (const Published* other : others)
            if (clash(one, *other) && matters(one, *other)) {
                // The one that is always active first: the other is the one to change.
                const bool swap = one.of->profiles.empty() && !other->of->profiles.empty();
                const Published &first = swap ? one : *other, &second = swap ? *other : one;
                out.push_back(
                    {"port-clash",
                     {"services", *second.service, "ports", second.written->published},
                     cat("port ", second.port, " is published by both ", *first.service, in_profiles(*first.of),
                         " and ", *second.service, in_profiles(*second.of)),
                     cat("change one, such as \"", free_port(all, second.port), ":", second.written->target, "\"")});
                break;
            }
        others.push_back(&one);
    }
    for (const Published& one : all)
        if (one.active && one.of->replicas() > 1)
            out.push_back({"scaled-port",
                           {"services", *one.service, "ports", one.written->published},
                           cat("the ", one.of->replicas(), " containers of ", *one.service, " cannot all publish port ",
                               one.port),
                           cat("publish a range, \"", one.port, "-", one.port + one.of->replicas() - 1, ":",
                               one.written->target, "\", or no host port")});
}

}  // namespace tutti::advice::rules
