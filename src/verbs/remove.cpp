#include <algorithm>

#include "base/text.h"
#include "state/project_state.h"
#include "verbs/lifecycle.h"

namespace tutti::verbs {

using base::cat;

bool remove(const Target& target, engine::Engine& engine, const RemoveOptions& options, const Limits& limits,
            base::Reporter& reporter, os::Scope& scope) {
    if (options.stop) stop(target, engine, {}, limits, reporter, scope);
    plan::Plan plan;
    std::vector<std::string> names;
    for (const state::Container& container : state::list_containers(engine, target.name, true)) {
        const auto& named = target.services;
        if (container.one_off) continue;
        if (!named.empty() && std::find(named.begin(), named.end(), container.service) == named.end()) continue;
        if (target.project && !target.project->services.count(container.service)) continue;
        const auto status = container.summary.state;
        const bool runs = status == engine::ContainerState::running || status == engine::ContainerState::paused ||
                          status == engine::ContainerState::restarting;
        if (runs && !(options.stop && limits.dry_run)) continue;
        names.push_back(container.name());
        plan.add(plan::RemoveContainer{container.id(), container.name(), options.volumes, options.force}, "");
    }
    if (names.empty()) return false;
    const std::string message = cat("Going to remove ", base::join(names, ", "));
    if (options.force) {
        if (options.say) options.say(cat(message, "\n"));
    } else if (options.ask && !options.ask(message, false)) {
        return true;
    }
    run_or_rehearse(plan, target.name, engine, limits, reporter, scope);
    return true;
}

}  // namespace tutti::verbs
