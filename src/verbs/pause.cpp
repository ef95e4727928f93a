#include <algorithm>

#include "state/project_state.h"
#include "verbs/lifecycle.h"

namespace tutti::verbs {

void pause(const Target& target, engine::Engine& engine, bool pause, const Limits& limits, base::Reporter& reporter,
           os::Scope& scope) {
    plan::Plan plan;
    for (const state::Container& container : state::list_containers(engine, target.name, false)) {
        const auto& named = target.services;
        if (container.one_off) continue;
        if (!named.empty() && std::find(named.begin(), named.end(), container.service) == named.end()) continue;
        if (target.project && !target.project->services.count(container.service)) continue;
        plan.add(plan::PauseContainer{container.id(), container.name(), pause}, "");
    }
    run_or_rehearse(plan, target.name, engine, limits, reporter, scope);
}

}  // namespace tutti::verbs
