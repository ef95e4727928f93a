#include "compose/selection.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>

#include "base/text.h"
#include "compose/glob.h"

namespace tutti::compose {

using base::cat;
using model::Project;
using model::Service;

namespace {

using Names = std::set<std::string, std::less<>>;

// Walks from the named services along depends_on; iteratively, as chains may be long.
class Selection {
  public:
    Selection(const Project& project, Dependencies dependencies, doc::Diagnostics& diagnostics)
        : project_(project), dependencies_(dependencies), diagnostics_(diagnostics) {}

    Names of(const std::vector<std::string>& names) {
        for (const auto& name : names)
            if (!add_matches(name)) unknown(name);
        while (!todo_.empty()) {
            const Service& service = *todo_.back();
            todo_.pop_back();
            for (const auto& [name, dependency] : service.depends_on)
                if (!add(name) && dependency.required) unknown(name);
        }
        return std::move(selected_);
    }

  private:
    void unknown(const std::string& name) {
        auto& error = diagnostics_.error(doc::Mark{}, cat("no such service: ", name));
        if (project_.disabled_services.contains(name))
            error.with_hint("its profile is not active: add --profile, or name the service itself");
        else if (const auto near = nearest(name))
            error.with_hint(cat("did you mean `", *near, "`?"));
    }

    std::optional<std::string> nearest(const std::string& name) const {
        std::vector<std::string_view> all;
        for (const auto& [known, service] : project_.services) all.push_back(known);
        return base::did_you_mean(name, all);
    }

    bool add(const std::string& name) {
        const auto found = project_.services.find(name);
        if (found == project_.services.end()) return false;
        if (selected_.insert(name).second && dependencies_ == Dependencies::include) todo_.push_back(&found->second);
        return true;
    }

    bool add_matches(const std::string& pattern) {
        if (!has_wildcards(pattern)) return add(pattern);
        bool any = false;
        for (const auto& [name, service] : project_.services)
            if (glob_matches(pattern, name)) any = add(name) || any;
        return any;
    }

    const Project& project_;
    Dependencies dependencies_;
    doc::Diagnostics& diagnostics_;
    Names selected_;
    std::vector<const Service*> todo_;
};

template <class Resource>
void keep(model::Named<Resource>& resources, const Names& used) {
    std::erase_if(resources, [&](const auto& entry) { return !used.contains(entry.first); });
}

}  // namespace

bool has_profile(const Service& service, const std::vector<std::string>& active) {
    if (service.profiles.empty()) return true;
    return std::ranges::any_of(active, [&](const std::string& profile) {
        return profile == "*" || std::ranges::find(service.profiles, profile) != service.profiles.end();
    });
}

void apply_profiles(Project& project, std::vector<std::string> active) {
    model::Named<Service> enabled, disabled;
    for (auto* from : {&project.services, &project.disabled_services}) {
        while (!from->empty()) {
            auto node = from->extract(from->begin());
            (has_profile(node.mapped(), active) ? enabled : disabled).insert(std::move(node));
        }
    }
    project.services = std::move(enabled);
    project.disabled_services = std::move(disabled);
    project.profiles = std::move(active);
}

void enable_services(Project& project, const std::vector<std::string>& names) {
    if (names.empty()) return;
    std::vector<std::string> active = project.profiles;
    for (const auto& name : names) {
        const auto found = project.disabled_services.find(name);
        if (found == project.disabled_services.end()) continue;
        active.insert(active.end(), found->second.profiles.begin(), found->second.profiles.end());
    }
    apply_profiles(project, std::move(active));
}

void select_services(Project& project, const std::vector<std::string>& names, Dependencies dependencies,
                     doc::Diagnostics& diagnostics) {
    if (names.empty()) return;
    const Names selected = Selection(project, dependencies, diagnostics).of(names);
    for (auto at = project.services.begin(); at != project.services.end();) {
        if (selected.contains(at->first)) {
            std::erase_if(at->second.depends_on, [&](const auto& entry) { return !selected.contains(entry.first); });
            ++at;
        } else {
            project.disabled_services.insert(project.services.extract(at++));
        }
    }
}

void drop_unused_resources(Project& project) {
    Names networks, volumes, secrets, configs, models;
    for (const auto& [name, service] : project.services) {
        for (const auto& entry : service.networks) networks.insert(entry.first);
        for (const auto& mount : service.volumes)
            if (mount.type == "volume" && !mount.source.empty()) volumes.insert(mount.source);
        for (const auto& secret : service.secrets) secrets.insert(secret.source);
        if (service.build)
            for (const auto& secret : service.build->secrets) secrets.insert(secret.source);
        for (const auto& config : service.configs) configs.insert(config.source);
        for (const auto& entry : service.models) models.insert(entry.first);
    }
    keep(project.networks, networks);
    keep(project.volumes, volumes);
    keep(project.secrets, secrets);
    keep(project.configs, configs);
    keep(project.models, models);
}

}  // namespace tutti::compose
