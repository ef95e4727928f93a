// Starts: each service after what it depends on, once the condition holds that it asks for.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "plan/graph.h"
#include "plan/reconciler.h"
#include "state/labels.h"

namespace tutti::plan {

using base::cat;
using base::Error;
using base::ErrorKind;
namespace label = state::label;

void Reconciler::slots_from_state() {
    for (const auto& [name, service] : project_.services)
        for (const state::Container* container : state_.of_service(name)) {
            const auto status = container->summary.state;
            const bool idle = status != engine::ContainerState::running && status != engine::ContainerState::restarting;
            slots_[name].push_back(
                {container->name(), container->number, idle, status == engine::ContainerState::paused, false});
        }
}

void Reconciler::starts(const std::vector<StepId>& before) {
    // What was stopped on the way (a network was replaced, a dependency recreated) starts again.
    for (auto& [name, slots] : slots_)
        for (const state::Container* container : state_.of_service(name))
            if (stopped_.count(container->id()))
                for (Slot& slot : slots)
                    if (slot.name == container->name()) slot.starts = true;
    for (const std::string& name : in_order(project_)) start_service(project_.services.find(name)->second, before);
    if (options_.await) await_all(before);
}

void Reconciler::start_service(const model::Service& wanted, const std::vector<StepId>& before) {
    if (wanted.provider || wanted.replicas() == 0) return;
    std::vector<StepId> after = waits(wanted, before);
    after.insert(after.end(), before.begin(), before.end());
    for (const auto& [name, dependency] : wanted.depends_on)
        if (const auto steps = start_steps_.find(name); steps != start_steps_.end())
            after.insert(after.end(), steps->second.begin(), steps->second.end());
    std::vector<Slot>& slots = slots_[wanted.name];
    if (slots.empty())
        throw Error(ErrorKind::not_found, cat("service \"", wanted.name, "\" has no container to start"),
                    "create it with `up` or `create`");
    std::vector<StepId>& steps = start_steps_[wanted.name];
    const bool all = std::all_of(slots.begin(), slots.end(), [](const Slot& slot) { return slot.starts; });
    if (all) after = pre_start(wanted, after);
    const auto service = std::make_shared<const model::Service>(wanted);
    // Replicas that draw their host port from a range start one after the other, so that the lowest gets the first.
    const bool one_by_one = std::any_of(wanted.ports.begin(), wanted.ports.end(), [](const model::Port& port) {
        return port.published.find('-') != std::string::npos;
    });
    for (const Slot& slot : slots) {
        if (!slot.starts) continue;
        std::vector<StepId> own = after;
        if (one_by_one && !steps.empty()) own.push_back(steps.back());
        steps.push_back(
            plan_.add(StartContainer{slot.name, slot.paused, service}, slot.made ? "created" : "not running", own));
    }
    // With nothing to start, dependants still have to come after what this service waits for.
    if (steps.empty()) steps = std::move(after);
}

std::vector<StepId> Reconciler::waits(const model::Service& wanted, const std::vector<StepId>& before) {
    std::vector<StepId> steps;
    for (const auto& [name, dependency] : wanted.depends_on) {
        const auto other = project_.services.find(name);
        if (dependency.condition == "service_started" || other == project_.services.end()) continue;
        if (other->second.replicas() == 0 || other->second.provider) continue;
        if (slots_[name].empty()) {
            if (dependency.required)
                throw Error(ErrorKind::not_found, cat(wanted.name, " is missing dependency ", name));
            continue;
        }
        const Condition condition = dependency.condition == "service_completed_successfully" ? Condition::completed
                                    : dependency.condition == "service_healthy"              ? Condition::healthy
                                                                                : Condition::running_or_healthy;
        steps.push_back(wait_for(name, condition, dependency.required, before));
    }
    return steps;
}

StepId Reconciler::wait_for(const std::string& service, Condition condition, bool required,
                            const std::vector<StepId>& before) {
    const std::string key = cat(service, " ", static_cast<int>(condition), required ? " required" : " optional");
    if (const auto known = wait_steps_.find(key); known != wait_steps_.end()) return known->second;
    WaitFor wait;
    wait.service = service;
    wait.condition = condition;
    wait.required = required;
    for (const Slot& slot : slots_[service]) wait.containers.push_back(slot.name);
    std::vector<StepId> after = before;
    if (const auto steps = start_steps_.find(service); steps != start_steps_.end())
        after.insert(after.end(), steps->second.begin(), steps->second.end());
    return wait_steps_[key] = plan_.add(std::move(wait), "", std::move(after));
}

void Reconciler::await_all(const std::vector<StepId>& before) {
    for (const auto& [name, service] : project_.services) {
        if (service.provider || service.replicas() == 0) continue;
        wait_for(name, awaited(project_, name), true, before);
    }
}

Condition awaited(const model::Project& project, const std::string& service) {
    for (const auto& [name, other] : project.services) {
        const auto dependency = other.depends_on.find(service);
        if (dependency != other.depends_on.end() && dependency->second.condition == "service_completed_successfully")
            return Condition::completed;
    }
    return Condition::running_or_healthy;
}

std::vector<StepId> Reconciler::pre_start(const model::Service& wanted, const std::vector<StepId>& after) {
    std::vector<StepId> last = after;
    for (std::size_t i = 0; i < wanted.pre_start.size(); ++i)
        if (wanted.pre_start[i].per_replica)
            throw Error(ErrorKind::unsupported,
                        cat("service \"", wanted.name, "\" pre_start[", i,
                            "]: per_replica is not yet supported; remove per_replica or set it to false"));
    for (std::size_t i = 0; i < wanted.pre_start.size(); ++i) {
        const model::Hook& hook = wanted.pre_start[i];
        RunPreStart step;
        step.service = wanted.name;
        step.index = i;
        step.container = slots_[wanted.name].front().name;
        spec::Replica replica;
        spec::add_networks(project_, wanted, state_, replica, options_.spec, step.spec);
        for (engine::EndpointSpec& endpoint : step.spec.endpoints) endpoint.aliases.clear();
        step.spec.image = hook.image.empty() ? state::image_of(wanted, project_.name) : hook.image;
        step.spec.command = hook.command;
        step.spec.user = hook.user;
        step.spec.working_dir = hook.working_dir;
        step.spec.privileged = hook.privileged;
        const model::Environment own = spec::environment_of(wanted, options_.spec);
        for (const model::Environment* environment : {&own, &hook.environment})
            for (const auto& [key, value] : *environment) step.spec.env.push_back(value ? cat(key, "=", *value) : key);
        step.spec.labels = {{std::string(label::project), project_.name},
                            {std::string(label::service), wanted.name},
                            {std::string(label::version), std::string(label::version_value)},
                            {std::string(label::hook), "pre_start"}};
        step.spec.attach_stdout = step.spec.attach_stderr = true;
        step.spec.volumes_from = {step.container};
        last = {plan_.add(std::move(step), "pre_start hook", last)};
    }
    return last;
}

}  // namespace tutti::plan
