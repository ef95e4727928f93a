#include "advice/lint.h"

#include <algorithm>

#include "advice/lint_rules.h"
#include "base/text.h"

namespace tutti::advice {

namespace rules {

using base::cat;

std::string_view repository(std::string_view image) {
    image = image.substr(0, image.find('@'));
    const auto slash = image.rfind('/');
    const auto colon = image.find(':', slash == std::string_view::npos ? 0 : slash);
    image = image.substr(0, colon);
    for (const std::string_view prefix : {"docker.io/", "index.docker.io/", "library/"})
        if (image.starts_with(prefix)) image.remove_prefix(prefix.size());
    return image;
}

bool is_database(std::string_view image) {
    std::string_view name = repository(image);
    if (const auto slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
    for (const std::string_view known : {"postgres", "postgresql", "postgis", "timescaledb", "timescaledb-ha", "mysql",
                                         "mariadb", "mongo", "mongodb", "cockroach"})
        if (name == known) return true;
    return false;
}

std::string value_of(const model::Service& service, std::string_view variable) {
    const auto found = service.environment.find(variable);
    return found == service.environment.end() ? std::string() : found->second.value_or("");
}

std::string in_profiles(const model::Service& service) {
    if (service.profiles.empty()) return {};
    return cat(service.profiles.size() == 1 ? " (profile " : " (profiles ", base::join(service.profiles, ", "), ")");
}

void profiles(const model::Project& project, Findings& out) {
    std::vector<std::string> known;
    for (const auto* services : {&project.services, &project.disabled_services})
        for (const auto& [name, service] : *services)
            for (const std::string& profile : service.profiles)
                if (std::find(known.begin(), known.end(), profile) == known.end()) known.push_back(profile);
    std::sort(known.begin(), known.end());
    for (const std::string& profile : project.profiles)
        if (!profile.empty() && profile != "*" && std::find(known.begin(), known.end(), profile) == known.end())
            out.push_back({"unknown-profile",
                           {},
                           cat("no service has the profile ", profile),
                           known.empty() ? std::string("no service has any: all of them are always active")
                                         : cat("profiles here: ", base::join(known, ", "))});
}

void devices(const model::Project& project, const base::Files& files, Findings& out) {
    const bool driver = files.kind("/dev/nvidiactl") != base::Files::Kind::absent;
    if (driver) return;
    for (const auto& [name, service] : project.services)
        if (service.runtime == "nvidia")
            out.push_back({"no-gpu",
                           {"services", name, "runtime"},
                           cat("service ", name, " wants the runtime nvidia, and this machine has no NVIDIA driver"),
                           cat("to run it without a GPU, lay a file with `services: {", name,
                               ": {runtime: !reset null}}` over "
                               "this one with -f")});
}

}  // namespace rules

Findings lint(const model::Project& project, const base::Files& files, const LintOptions& options) {
    Findings out;
    rules::profiles(project, out);
    rules::published_ports(project, options, out);
    rules::mounts(project, files, options, out);
    rules::exposure(project, out);
    rules::proxies(project, files, out);
    rules::start_order(project, out);
    rules::reachability(project, out);
    if (options.here) rules::devices(project, files, out);
    rules::known_images(project, out);
    return out;
}

}  // namespace tutti::advice
