#include "plan/teardown.h"
#include "state/from_labels.h"
#include "verbs/lifecycle.h"

namespace tutti::verbs {

void stop(const Target& target, engine::Engine& engine, plan::Timeout timeout, const Limits& limits,
          base::Reporter& reporter, os::Scope& scope) {
    const state::ProjectState state = state::observe(engine, target.name);
    const model::Project project = target.project ? *target.project : state::project_from_labels(state);
    if (target.project) warn_of_namesake(project, state, reporter);
    run_or_rehearse(plan::stop_plan(project, state, target.services, timeout), project, engine, limits, reporter,
                    scope);
}

}  // namespace tutti::verbs
