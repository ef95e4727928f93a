#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "plan/teardown.h"
#include "state/from_labels.h"
#include "state/labels.h"
#include "verbs/lifecycle.h"
#include "verbs/project_lock.h"

namespace tutti::verbs {

using base::cat;

namespace {

std::string with_tag(const std::string& reference) {
    if (reference.find('@') != std::string::npos) return reference;
    const auto slash = reference.rfind('/');
    return reference.find(':', slash == std::string::npos ? 0 : slash) == std::string::npos ? reference + ":latest"
                                                                                            : reference;
}

// local: those that were built for the project; all: also those that its services name.
std::vector<std::string> images_to_remove(const model::Project& project, engine::Engine& engine,
                                          const DownOptions& options) {
    std::set<std::string> images;
    if (options.images.empty()) return {};
    const auto add_if_here = [&](const std::string& reference) {
        if (engine.images().find(reference)) images.insert(with_tag(reference));
    };
    for (const auto& [name, service] : project.services) {
        if (!service.image.empty() && options.images == "all") add_if_here(service.image);
        if (service.image.empty()) add_if_here(state::image_of(service, project.name));
    }
    for (const engine::ImageSummary& image : engine.images().list({cat(state::label::project, "=", project.name)})) {
        if (image.tags.empty()) continue;
        const auto service = image.labels.find(std::string(state::label::service));
        if (options.remove_orphans || (service != image.labels.end() && project.services.count(service->second)))
            images.insert(with_tag(image.tags.front()));
    }
    return {images.begin(), images.end()};
}

// Compose leaves the services of profiles that are not selected: said, so that nobody wonders.
void tell_what_stays(const model::Project& project, const state::ProjectState& state, base::Reporter& reporter) {
    std::set<std::string> names, profiles;
    for (const state::Container& container : state.containers) {
        const auto service = project.disabled_services.find(container.service);
        if (service == project.disabled_services.end() || container.one_off) continue;
        names.insert(container.service);
        profiles.insert(service->second.profiles.begin(), service->second.profiles.end());
    }
    if (names.empty() || profiles.empty()) return;
    std::string flags;
    for (const std::string& profile : profiles) flags += cat(" --profile ", profile);
    reporter.warn(
        cat("services of other profiles stay: ", base::join(std::vector<std::string>(names.begin(), names.end()), ", "),
            "; take them down with", flags, " down"));
}

}  // namespace

void down(const Target& target, engine::Engine& engine, const DownOptions& options, const Limits& limits,
          base::Reporter& reporter, os::Scope& scope) {
    const ProjectLock lock(limits.dry_run ? std::string() : limits.lock_folder, target.name, "down", reporter,
                           scope.cancel());
    const state::ProjectState state = state::observe(engine, target.name);
    const model::Project project = target.project ? *target.project : state::project_from_labels(state);
    if (target.project) warn_of_namesake(project, state, reporter);
    plan::DownOptions down;
    if (target.project) {
        check_services(project, target.services);
        down.services = target.services;
    } else {
        for (const std::string& name : target.services)
            if (project.services.count(name)) down.services.push_back(name);
        if (down.services.empty() && !target.services.empty()) return;
    }
    down.remove_orphans = options.remove_orphans;
    down.volumes = options.volumes;
    down.timeout = options.timeout;
    down.images = images_to_remove(project, engine, options);
    const plan::Plan plan = plan::down_plan(project, state, down);
    if (plan.empty()) reporter.warn(cat("Warning: No resource found to remove for project \"", target.name, "\"."));
    run_or_rehearse(plan, project, engine, limits, reporter, scope);
    if (target.project && target.services.empty() && !options.remove_orphans) tell_what_stays(project, state, reporter);
}

}  // namespace tutti::verbs
