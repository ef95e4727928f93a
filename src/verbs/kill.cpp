#include "base/text.h"
#include "state/from_labels.h"
#include "state/project_state.h"
#include "verbs/lifecycle.h"

namespace tutti::verbs {

bool kill(const Target& target, engine::Engine& engine, const KillOptions& options, const Limits& limits,
          base::Reporter& reporter, os::Scope& scope) {
    plan::Plan plan;
    for (const state::Container& container : state::list_containers(engine, target.name, false)) {
        const auto& named = target.services;
        const bool wanted = named.empty() || std::find(named.begin(), named.end(), container.service) != named.end();
        const bool known = !target.project || target.project->services.count(container.service);
        if (wanted && (known || options.remove_orphans))
            plan.add(plan::KillContainer{container.id(), container.name(), options.signal}, "");
    }
    if (plan.empty()) return false;
    run_or_rehearse(plan, target.name, engine, limits, reporter, scope);
    return true;
}

}  // namespace tutti::verbs
