#include "verbs/watch_rules.h"

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::verbs {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

// What editors and version control leave for a moment.
const base::IgnoreRules& passing_files() {
    static const base::IgnoreRules rules(
        "**/*___jb_old___\n**/*___jb_tmp___\n**/.idea/**\n**/.#*\n**/#*#\n**/4913\n**/*~\n**/.*.swp\n**/.*.swx\n"
        "**/.*.swo\n**/.*.swn\n**/.*.kate-swp\n**/*-go-tmp-umask\n**/.git\n");
    return rules;
}

// "sub/file" of "/top/sub/file" below "/top"; "." for the folder itself; nothing: it is not below.
std::optional<std::string> below(const std::string& folder, const std::string& path) {
    const auto relative = base::path::relative(folder, path);
    if (!relative || *relative == ".." || relative->starts_with("../")) return std::nullopt;
    return relative;
}

bool is_bind_mounted(const std::string& path, const model::Service& service) {
    return std::any_of(service.volumes.begin(), service.volumes.end(),
                       [&](const model::Mount& mount) { return mount.type == "bind" && below(mount.source, path); });
}

base::IgnoreRules ignore_file(const model::Service& service) {
    if (!service.build || !service.build->context.starts_with('/')) return {};
    const auto text = os::read_file_if_exists(service.build->context + "/.dockerignore");
    return text ? base::IgnoreRules(*text) : base::IgnoreRules();
}

}  // namespace

bool never_watched(const std::string& folder) { return folder.ends_with("/.git") || folder.ends_with("/.idea"); }

WatchRule::WatchRule(std::string service, model::WatchTrigger trigger, const model::Service& of)
    : service_(std::move(service)),
      trigger_(std::move(trigger)),
      context_(of.build ? of.build->context : std::string()),
      of_context_(ignore_file(of)),
      ignore_(base::join(trigger_.ignore, "\n")),
      include_(base::join(trigger_.include, "\n")) {}

bool WatchRule::takes(const std::string& path) const {
    const auto relative = below(trigger_.path, path);
    if (!relative) return false;
    if (!trigger_.include.empty() && !include_.ignored(*relative)) return false;
    if (ignore_.ignored(*relative) || passing_files().ignored(*relative == "." ? base::path::last(path) : *relative))
        return false;
    const auto in_context = context_.empty() ? std::nullopt : below(context_, path);
    return !in_context || !of_context_.ignored(*in_context);
}

std::string WatchRule::target_of(const std::string& path) const {
    const auto relative = below(trigger_.path, path);
    return base::path::join(trigger_.target, relative ? *relative : std::string());
}

std::vector<WatchRule> watch_rules(const model::Project& project, const std::vector<std::string>& services,
                                   base::Reporter& reporter) {
    std::vector<WatchRule> rules;
    bool configured = false;
    for (const auto& [name, service] : project.services) {
        if (!service.develop) continue;
        if (!services.empty() && std::find(services.begin(), services.end(), name) == services.end()) continue;
        for (const model::WatchTrigger& trigger : service.develop->watch) {
            configured = true;
            if (trigger.action == "rebuild" && !service.build)
                throw Error(ErrorKind::invalid,
                            cat("can't watch service \"", name, "\" with action rebuild without a build context"));
            if (trigger.action == "sync+exec" && (!trigger.exec.command || trigger.exec.command->empty()))
                throw Error(ErrorKind::invalid,
                            cat("can't watch with action \"sync+exec\" on service ", name, " without a command"));
            WatchRule rule(name, trigger, service);
            if (rule.syncs() && is_bind_mounted(trigger.path, service)) {
                reporter.warn(cat("path '", trigger.path,
                                  "' also declared by a bind mount volume, this path won't be monitored!"));
                continue;
            }
            rules.push_back(std::move(rule));
        }
    }
    if (!configured)
        throw Error(ErrorKind::invalid,
                    "none of the selected services is configured for watch, consider setting a 'develop' section");
    return rules;
}

}  // namespace tutti::verbs
