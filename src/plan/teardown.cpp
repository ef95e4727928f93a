#include "plan/teardown.h"

#include <algorithm>
#include <map>
#include <set>

#include "plan/graph.h"
#include "plan/reconcile.h"

namespace tutti::plan {
namespace {

std::shared_ptr<const model::Service> with_hooks(const model::Project& project, const std::string& name) {
    const auto service = project.services.find(name);
    const bool hooks =
        service != project.services.end() && !(service->second.pre_stop.empty() && service->second.post_start.empty());
    return hooks ? std::make_shared<const model::Service>(service->second) : nullptr;
}

// Dependencies that the project does not have are no edges here.
model::Project lenient(model::Project project) {
    for (auto& [name, service] : project.services)
        for (auto& [other, dependency] : service.depends_on) dependency.required = false;
    return project;
}

// The last steps of those that depend on a service: it stops after them.
class Downward {
  public:
    explicit Downward(const model::Project& project) : project_(project), order_(in_order(project)) {
        std::reverse(order_.begin(), order_.end());
    }
    const std::vector<std::string>& order() const { return order_; }
    std::vector<StepId> before(const std::string& name) const {
        std::vector<StepId> steps;
        for (const std::string& dependent : dependents_of(project_, name))
            if (const auto last = last_.find(dependent); last != last_.end())
                steps.insert(steps.end(), last->second.begin(), last->second.end());
        return steps;
    }
    // A service without steps hands on what it would have waited for.
    void done(const std::string& name, std::vector<StepId> steps) {
        last_[name] = steps.empty() ? before(name) : std::move(steps);
    }

  private:
    const model::Project& project_;
    std::vector<std::string> order_;
    std::map<std::string, std::vector<StepId>> last_;
};

std::shared_ptr<const model::Service> provider_of(const model::Project& project, const std::string& name) {
    const auto service = project.services.find(name);
    return service != project.services.end() && service->second.provider
               ? std::make_shared<const model::Service>(service->second)
               : nullptr;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Plan stop_plan(const model::Project& given, const state::ProjectState& state, const std::vector<std::string>& services,
               Timeout timeout) {
    const model::Project project = lenient(given);
    Plan plan;
    Downward downward(project);
    for (const std::string& name : downward.order()) {
        std::vector<StepId> steps;
        if (services.empty() || contains(services, name)) {
            if (const auto provider = provider_of(project, name))
                steps.push_back(plan.add(RunProvider{provider, "stop"}, "", downward.before(name)));
            for (const state::Container* container : state.of_service(name))
                steps.push_back(
                    plan.add(StopContainer{container->id(), container->name(), timeout, with_hooks(project, name)}, "",
                             downward.before(name)));
        }
        downward.done(name, std::move(steps));
    }
    return plan;
}

Plan down_plan(const model::Project& given, const state::ProjectState& state, const DownOptions& options) {
    const model::Project project = lenient(given);
    std::vector<std::string> chosen = options.services;
    for (std::string& dependent : all_dependents_of(project, options.services)) chosen.push_back(std::move(dependent));
    Plan plan;
    Downward downward(project);
    std::vector<StepId> removals;
    const auto end = [&](const state::Container& container, const std::shared_ptr<const model::Service>& hooks,
                         std::vector<StepId> after, const std::string& cause, bool volumes) {
        const StepId stopped =
            plan.add(StopContainer{container.id(), container.name(), options.timeout, hooks}, cause, std::move(after));
        const StepId removed = plan.add(RemoveContainer{container.id(), container.name(), volumes}, cause, {stopped});
        removals.push_back(removed);
        return removed;
    };
    for (const std::string& name : downward.order()) {
        std::vector<StepId> steps;
        if (options.services.empty() || contains(chosen, name)) {
            const std::vector<StepId> before = downward.before(name);
            if (const auto provider = provider_of(project, name))
                steps.push_back(plan.add(RunProvider{provider, "down"}, "", before));
            for (const state::Container& container : state.containers)
                if (container.service == name && (!container.one_off || options.remove_orphans))
                    steps.push_back(end(container, with_hooks(project, name), before, "", options.volumes));
        }
        downward.done(name, std::move(steps));
    }
    if (options.remove_orphans)
        for (const state::Container* orphan : orphans(project, state))
            if (!project.services.count(orphan->service)) end(*orphan, nullptr, removals, "orphaned container", false);
    for (const state::Container& hook : state.hook_containers)
        if (options.services.empty() || contains(options.services, hook.service))
            removals.push_back(
                plan.add(RemoveContainer{hook.id(), hook.name(), true}, "left by a failed hook", removals));

    for (const auto& [key, network] : project.networks) {
        if (network.external) continue;
        const bool there = std::any_of(state.networks.begin(), state.networks.end(), [&](const state::Resource& one) {
            return one.key == key && one.owner == project.name && !one.external;
        });
        if (there) plan.add(RemoveNetwork{key, network.name, RemoveNetwork::InUse::stays}, "", removals);
    }
    for (const std::string& image : options.images) plan.add(RemoveImage{image}, "", removals);
    if (options.volumes)
        for (const auto& [key, volume] : project.volumes) {
            if (volume.external) continue;
            const bool there = std::any_of(state.volumes.begin(), state.volumes.end(),
                                           [&](const state::Resource& one) { return one.name == volume.name; });
            if (there) plan.add(RemoveVolume{key, volume.name, true}, "", removals);
        }
    return plan;
}

Plan restart_plan(const model::Project& project, const state::ProjectState& state, Timeout timeout) {
    Plan plan;
    std::map<std::string, std::vector<StepId>> last;
    for (const std::string& name : in_order(project)) {
        std::vector<StepId> after, steps;
        for (const auto& [other, dependency] : project.services.find(name)->second.depends_on)
            after.insert(after.end(), last[other].begin(), last[other].end());
        for (const state::Container* container : state.of_service(name))
            steps.push_back(plan.add(
                RestartContainer{container->id(), container->name(), timeout, with_hooks(project, name)}, "", after));
        last[name] = steps.empty() ? std::move(after) : std::move(steps);
    }
    return plan;
}

}  // namespace tutti::plan
