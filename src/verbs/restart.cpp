#include "plan/graph.h"
#include "plan/teardown.h"
#include "state/from_labels.h"
#include "verbs/lifecycle.h"

namespace tutti::verbs {

// Dependents that ask for it restart too; other dependencies are no business of a restart.
void restart(const Target& target, engine::Engine& engine, const RestartOptions& options, const Limits& limits,
             base::Reporter& reporter, os::Scope& scope) {
    const state::ProjectState state = state::observe(engine, target.name);
    model::Project project = target.project ? *target.project : state::project_from_labels(state);
    check_services(project, target.services);
    if (options.no_deps) project = plan::select(project, target.services, plan::Along::nothing);
    for (auto& [name, service] : project.services)
        std::erase_if(service.depends_on,
                      [&](const auto& entry) { return !entry.second.restart || !project.services.count(entry.first); });
    project = plan::select(project, target.services, plan::Along::dependents);
    run_or_rehearse(plan::restart_plan(project, state, options.timeout), target.name, engine, limits, reporter, scope);
}

}  // namespace tutti::verbs
