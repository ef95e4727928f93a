#include "plan/reconcile.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "plan/graph.h"
#include "plan/reconciler.h"

namespace tutti::plan {

using base::cat;

const state::Resource* choose(const std::vector<state::Resource>& all, const std::string& key,
                              const std::string& name) {
    const state::Resource* chosen = nullptr;
    for (const state::Resource& one : all) {
        if (one.key != key) continue;
        if (one.name == name) return &one;
        if (!chosen || one.name < chosen->name) chosen = &one;
    }
    return chosen;
}

Reconciler::Reconciler(const model::Project& project, const state::ProjectState& state, const ReconcileOptions& options)
    : project_(project), state_(state), options_(options) {
    for (const auto& [key, network] : project.networks)
        if (const state::Resource* there = choose(state.networks, key, network.name)) network_there_[key] = there;
    for (const auto& [key, volume] : project.volumes)
        if (const state::Resource* there = choose(state.volumes, key, volume.name)) {
            volume_there_[key] = there;
            volume_names_[key] = there->name;
        }
}

Plan Reconciler::create_and_start() {
    check_external();
    networks();
    volumes();
    containers();
    if (options_.remove_orphans)
        for (const state::Container* orphan : orphans(project_, state_)) remove(*orphan, "orphaned container");
    if (options_.start) {
        std::vector<StepId> all(plan_.steps.size());
        for (StepId id = 0; id < all.size(); ++id) all[id] = id;
        std::vector<StepId> before;
        if (!all.empty()) before.push_back(plan_.add(Milestone{"everything is created"}, "", std::move(all)));
        starts(std::move(before));
    }
    if (!plan_.steps.empty() && std::holds_alternative<Milestone>(plan_.steps.back().step)) plan_.steps.pop_back();
    return std::move(plan_);
}

Plan Reconciler::start_only() {
    slots_from_state();
    starts({});
    return std::move(plan_);
}

Plan reconcile(const model::Project& project, const state::ProjectState& state, const ReconcileOptions& options) {
    const base::Span span("reconcile", project.name);
    return Reconciler(project, state, options).create_and_start();
}

Plan start_plan(const model::Project& project, const state::ProjectState& state, const ReconcileOptions& options) {
    return Reconciler(project, state, options).start_only();
}

std::vector<std::string> remarks(const model::Project& project, const state::ProjectState& state) {
    std::vector<std::string> all;
    const auto leftovers = [&](std::string_view kind, const std::vector<state::Resource>& there, const std::string& key,
                               const state::Resource& used) {
        for (const state::Resource& other : there)
            if (other.key == key && other.name != used.name)
                all.push_back(cat(kind, " \"", other.name, "\" carries the compose label \"", key,
                                  "\" but does not match the compose file (using \"", used.name,
                                  "\"); it is left untouched — remove it manually if it is no longer needed"));
    };
    for (const auto& [key, network] : project.networks) {
        const state::Resource* used = choose(state.networks, key, network.name);
        if (!used || network.external) continue;
        leftovers("network", state.networks, key, *used);
        if (used->owner.empty())
            all.push_back(cat("a network with name ", network.name, " exists but was not created by compose.\n",
                              "Set `external: true` to use an existing network"));
        else if (used->owner != project.name)
            all.push_back(cat("a network with name ", network.name, " exists but was not created for project \"",
                              project.name, "\".\nSet `external: true` to use an existing network"));
    }
    for (const auto& [key, volume] : project.volumes) {
        const state::Resource* used = choose(state.volumes, key, volume.name);
        if (!used || volume.external) continue;
        leftovers("volume", state.volumes, key, *used);
        if (used->owner.empty())
            all.push_back(cat("volume \"", volume.name, "\" already exists but was not created by Docker Compose. ",
                              "Use `external: true` to use an existing volume"));
        else if (used->owner != project.name)
            all.push_back(cat("volume \"", volume.name, "\" already exists but was created for project \"", used->owner,
                              "\" (expected \"", project.name, "\"). Use `external: true` to use an existing volume"));
    }
    return all;
}

std::vector<const state::Container*> orphans(const model::Project& project, const state::ProjectState& state) {
    std::vector<const state::Container*> found;
    for (const state::Container& container : state.containers) {
        const auto status = container.summary.state;
        const bool over = status == engine::ContainerState::exited || status == engine::ContainerState::dead;
        const bool known =
            project.services.count(container.service) || project.disabled_services.count(container.service);
        if (container.one_off ? over : !known) found.push_back(&container);
    }
    return found;
}

std::vector<std::string> untouched(const model::Project& project, const state::ProjectState& state, const Plan& plan) {
    std::set<std::string> touched;
    for (const Entry& entry : plan.steps) {
        touched.insert(name_of(entry.step));
        if (!entry.group.empty()) touched.insert(cat("Container ", entry.group));
    }
    std::vector<std::string> names;
    for (const auto& [name, service] : project.services)
        for (const state::Container* container : state.of_service(name))
            if (container->running() && !touched.count(cat("Container ", container->name())))
                names.push_back(container->name());
    return names;
}

}  // namespace tutti::plan
