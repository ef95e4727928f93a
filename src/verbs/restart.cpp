#include <algorithm>

#include "base/text.h"
#include "model/hash.h"
#include "plan/graph.h"
#include "plan/teardown.h"
#include "state/from_labels.h"
#include "state/labels.h"
#include "verbs/lifecycle.h"

namespace tutti::verbs {

namespace {

// A restart takes the container as it is: edits of the file wait for `up`. Not judged where the hash needs more than
// the file: variables of other files, and images that services name by others.
void tell_what_waits(const model::Project& project, const Target& target, const state::ProjectState& state,
                     base::Reporter& reporter) {
    for (const auto& [name, service] : project.services) {
        const bool named = target.services.empty() ||
                           std::find(target.services.begin(), target.services.end(), name) != target.services.end();
        if (!named || !service.env_file.empty() || !service.label_file.empty() ||
            service.network_mode.starts_with("service:") || service.ipc.starts_with("service:") ||
            service.pid.starts_with("service:") || !service.volumes_from.empty())
            continue;
        const auto there = state.of_service(name);
        if (there.empty() || there.front()->label(state::label::config_hash) == model::config_hash(service)) continue;
        reporter.warn(base::cat(name,
                                " was changed in the file since it was created, and a restart keeps the old "
                                "settings; `up -d ",
                                name, "` applies the new ones"));
    }
}

}  // namespace

// Dependents that ask for it restart too; other dependencies are no business of a restart.
void restart(const Target& target, engine::Engine& engine, const RestartOptions& options, const Limits& limits,
             base::Reporter& reporter, os::Scope& scope) {
    const state::ProjectState state = state::observe(engine, target.name);
    model::Project project = target.project ? *target.project : state::project_from_labels(state);
    check_services(project, target.services);
    if (target.project) tell_what_waits(project, target, state, reporter);
    if (options.no_deps) project = plan::select(project, target.services, plan::Along::nothing);
    for (auto& [name, service] : project.services)
        std::erase_if(service.depends_on,
                      [&](const auto& entry) { return !entry.second.restart || !project.services.count(entry.first); });
    project = plan::select(project, target.services, plan::Along::dependents);
    run_or_rehearse(plan::restart_plan(project, state, options.timeout), target.name, engine, limits, reporter, scope);
}

}  // namespace tutti::verbs
