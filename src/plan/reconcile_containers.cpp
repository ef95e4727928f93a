// Containers: how many, which of them stay, and which are made anew.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "model/hash.h"
#include "plan/explain.h"
#include "plan/graph.h"
#include "plan/reconciler.h"
#include "state/labels.h"

namespace tutti::plan {

using base::cat;
using base::Error;
using base::ErrorKind;
namespace label = state::label;

namespace {

std::string short_digest(std::string_view digest) {
    if (digest.starts_with("sha256:")) digest.remove_prefix(7);
    return digest.empty() ? "none" : std::string(digest.substr(0, 12));
}

void check_names(const model::Project& project) {
    std::map<std::string, std::string> taken;
    for (const auto& [name, service] : project.services) {
        if (service.container_name.empty()) continue;
        const auto [other, fresh] = taken.emplace(service.container_name, name);
        if (!fresh)
            throw Error(ErrorKind::invalid, cat("services.", name, ": container name \"", service.container_name,
                                                "\" is already in use by service ", other->second));
    }
}

std::int64_t scale_of(const model::Service& service) {
    const std::int64_t scale = service.replicas();
    if (scale > 1 && !service.container_name.empty())
        throw Error(ErrorKind::invalid,
                    cat("WARNING: The \"", service.name, "\" service is using the custom container name \"",
                        service.container_name,
                        "\". Docker requires each container to have a unique name. Remove the custom name "
                        "to scale the service"));
    return scale;
}

}  // namespace

std::vector<const state::Container*> Reconciler::there_of(const std::string& service) const {
    return cleared_.count(service) ? std::vector<const state::Container*>{} : state_.of_service(service);
}

void Reconciler::containers() {
    check_names(project_);
    for (const auto& [name, service] : project_.services)
        if (!service.provider && service.image.empty() && !service.build)
            throw Error(ErrorKind::invalid, cat("invalid service \"", name, "\". Must specify either image or build"));
    for (const std::string& name : in_order(project_)) service(project_.services.find(name)->second);
}

void Reconciler::service(const model::Service& given) {
    if (given.provider) {
        if (options_.skip_providers) return;
        last_step_[given.name] = plan_.add(RunProvider{std::make_shared<const model::Service>(given), "up"},
                                           "provider service", prerequisites(given));
        return;
    }
    const auto scale = static_cast<std::size_t>(scale_of(given));
    const auto wanted = std::make_shared<const model::Service>(spec::prepare(project_, given, state_));
    const bool named = options_.services.empty() || std::find(options_.services.begin(), options_.services.end(),
                                                              given.name) != options_.services.end();
    const Recreate policy = named ? options_.recreate : options_.recreate_dependencies;

    const std::string hash = expected_hash(*wanted);
    std::vector<std::pair<const state::Container*, std::string>> there;  // and why it must go
    for (const state::Container* container : there_of(given.name))
        there.emplace_back(container, why_recreate(*wanted, hash, *container, policy));
    // What is current comes first, low numbers first: the rest is what a smaller scale removes.
    std::stable_sort(there.begin(), there.end(), [](const auto& a, const auto& b) {
        return std::tuple(!a.second.empty(), a.first->number) < std::tuple(!b.second.empty(), b.first->number);
    });

    const std::vector<StepId> before = prerequisites(given);
    int highest = 0;
    for (std::size_t i = 0; i < there.size(); ++i) {
        const state::Container& container = *there[i].first;
        highest = std::max(highest, container.number);
        if (i >= scale) {
            remove(container, "scale down");
        } else if (!there[i].second.empty()) {
            recreate(wanted, container, there[i].second, before);
            recreated_.insert(given.name);
        } else {
            const auto status = container.summary.state;
            slots_[given.name].push_back(
                {container.name(), container.number,
                 status != engine::ContainerState::running && status != engine::ContainerState::restarting,
                 status == engine::ContainerState::paused, false});
        }
    }
    for (std::size_t count = there.size(); count < scale; ++count) create(wanted, ++highest, before);
    auto& slots = slots_[given.name];
    std::stable_sort(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.number < b.number; });
}

// As Compose hashes it: references to services are the ids of their containers.
std::string Reconciler::expected_hash(const model::Service& wanted) const {
    model::Service resolved = wanted;
    const auto container_id = [&](std::string_view name) -> std::string {
        const auto lender = state_.of_service(name);
        return lender.empty() ? std::string() : lender.front()->id();
    };
    for (std::string* mode : {&resolved.network_mode, &resolved.ipc, &resolved.pid})
        if (const std::string id = container_id(spec::service_of_mode(*mode)); !id.empty())
            *mode = cat("container:", id);
    for (std::string& from : resolved.volumes_from) {
        if (from.starts_with("container:")) {
            from = std::string(base::split(from, ':')[1]);
        } else if (const std::string id = container_id(base::split(from, ':').front()); !id.empty()) {
            from = id;
        }
    }
    return model::config_hash(resolved);
}

std::string Reconciler::why_recreate(const model::Service& wanted, const std::string& hash,
                                     const state::Container& there, Recreate policy) const {
    if (policy == Recreate::never) return {};
    if (policy == Recreate::force) return "forced";
    for (const std::string& lender : spec::lenders_of(wanted))
        if (recreated_.count(lender)) return cat("shares with service ", lender, ", which is recreated");
    if (there.label(label::config_hash) != hash) return why_configuration(wanted, there);
    const auto image = state_.images.find(state::image_of(wanted, project_.name));
    const std::string_view digest =
        image == state_.images.end() ? std::string_view() : std::string_view(image->second.id);
    if (there.label(label::image) != digest)
        return cat("image changed: ", short_digest(there.label(label::image)), " → ", short_digest(digest));
    if (there.label(label::image_volumes) != spec::image_volume_digests(wanted, state_))
        return "image of a volume changed";
    const std::string_view files = there.label(label::files_hash);
    if (!files.empty() && files != spec::files_hash(project_, wanted, options_.spec))
        return "content of a secret or config changed";
    if (options_.spec.provided && there.label(label::provided_hash) != spec::provided_hash(wanted, options_.spec))
        return "what its providers say changed";
    if (there.running())
        for (const auto& [key, attachment] : wanted.networks) {
            const auto network = network_there_.find(key);
            if (network == network_there_.end()) continue;
            const auto& endpoints = there.summary.endpoints;
            if (std::none_of(endpoints.begin(), endpoints.end(), [&](const engine::Endpoint& endpoint) {
                    return endpoint.network_id == network->second->id;
                }))
                return cat("not connected to network ", network->second->name);
        }
    for (const model::Mount& mount : wanted.volumes) {
        const auto name = volume_names_.find(mount.source);
        if (mount.type != "volume" || name == volume_names_.end()) continue;
        const auto& points = there.summary.mounts;
        if (std::none_of(points.begin(), points.end(), [&](const engine::MountPoint& point) {
                return point.type == "volume" && point.name == name->second;
            }))
            return cat("does not use volume ", name->second);
    }
    return {};
}

std::string Reconciler::why_configuration(const model::Service& wanted, const state::Container& there) const {
    if (!options_.inspect) return "configuration changed";
    const std::optional<engine::Container> old = options_.inspect(there.id());
    if (!old) return "configuration changed";
    spec::Replica replica;
    replica.name = there.name();
    replica.number = there.number;
    const engine::ContainerSpec now = spec::to_spec(project_, wanted, state_, replica, options_.spec);
    const auto image = state_.images.find(now.image);
    const std::vector<std::string> changes =
        differences(*old, now, image == state_.images.end() ? nullptr : &image->second);
    return changes.empty() ? std::string("configuration changed")
                           : cat("configuration changed: ", base::join(changes, "; "));
}

CreateContainer Reconciler::creation(const std::shared_ptr<const model::Service>& wanted,
                                     const spec::Replica& replica) const {
    CreateContainer step;
    step.spec = spec::to_spec(project_, *wanted, state_, replica, options_.spec);
    step.number = replica.number;
    step.service = wanted;
    for (const std::string& lender : spec::lenders_of(*wanted)) {
        if (const auto slots = slots_.find(lender); slots != slots_.end() && !slots->second.empty()) {
            step.lenders[lender] = slots->second.front().name;
        } else if (const auto there = state_.of_service(lender); !there.empty()) {
            step.lenders[lender] = there.front()->name();
        }
    }
    return step;
}

void Reconciler::create(const std::shared_ptr<const model::Service>& wanted, int number, std::vector<StepId> after) {
    spec::Replica replica;
    replica.name = spec::container_name(project_, *wanted, number, options_.spec.separator);
    replica.number = number;
    last_step_[wanted->name] = plan_.add(creation(wanted, replica), "no existing container", std::move(after));
    slots_[wanted->name].push_back({replica.name, number, true, false, true});
}

// The new one is there before the old one goes, under a name of its own until then.
void Reconciler::recreate(const std::shared_ptr<const model::Service>& wanted, const state::Container& there,
                          const std::string& cause, std::vector<StepId> after) {
    const std::string name = spec::container_name(project_, *wanted, there.number, options_.spec.separator);
    spec::Replica replica;
    replica.name = name;
    replica.number = there.number;
    replica.inherits = options_.inherit_volumes ? &there : nullptr;
    CreateContainer step = creation(wanted, replica);
    step.spec.name = cat(there.id().substr(0, 12), "_", name);
    if (replica.inherits)
        step.spec.labels[std::string(label::replaces)] = wanted->container_name.empty()
                                                             ? cat(wanted->name, options_.spec.separator, there.number)
                                                             : wanted->container_name;
    const std::string temporary = step.spec.name;
    for (const StepId stopped : stop_dependents(*wanted)) after.push_back(stopped);
    const StepId created = plan_.add(std::move(step), cause, std::move(after), name);
    const auto before = stopped_.find(there.id());
    const StepId stopped = before != stopped_.end()
                               ? before->second
                               : plan_.add(StopContainer{there.id(), there.name(), options_.timeout, nullptr},
                                           cat("replaced by #", created + 1), {created}, name);
    stopped_[there.id()] = stopped;
    std::vector<StepId> removal = {stopped, created};
    for (const StepId connected : reconnected_[there.id()]) removal.push_back(connected);
    const StepId removed = plan_.add(RemoveContainer{there.id(), there.name(), false},
                                     cat("replaced by #", created + 1), std::move(removal), name);
    last_step_[wanted->name] = plan_.add(RenameContainer{temporary, name}, "finalize recreate", {removed}, name);
    slots_[wanted->name].push_back({name, there.number, true, false, true});
}

void Reconciler::remove(const state::Container& there, const std::string& cause) {
    const StepId stopped = stop(there, cause);
    const StepId removed = plan_.add(RemoveContainer{there.id(), there.name(), false}, cause, {stopped});
    if (project_.services.count(there.service) && !there.one_off) last_step_[there.service] = removed;
}

StepId Reconciler::stop(const state::Container& there, const std::string& cause, std::vector<StepId> after) {
    const auto before = stopped_.find(there.id());
    if (before != stopped_.end()) return before->second;
    const StepId step =
        plan_.add(StopContainer{there.id(), there.name(), options_.timeout, nullptr}, cause, std::move(after));
    stopped_[there.id()] = step;
    return step;
}

std::vector<StepId> Reconciler::stop_dependents(const model::Service& wanted) {
    std::vector<StepId> steps;
    for (const std::string& name :
         dependents_of(project_, wanted.name, [](const model::Dependency& dependency) { return dependency.restart; }))
        for (const state::Container* container : there_of(name))
            if (!stopped_.count(container->id()))
                steps.push_back(stop(*container, cat("dependency ", wanted.name, " being recreated")));
    return steps;
}

std::vector<StepId> Reconciler::prerequisites(const model::Service& wanted) const {
    std::vector<StepId> steps;
    const auto add = [&](const std::map<std::string, StepId>& known, const std::string& key) {
        if (const auto step = known.find(key); step != known.end()) steps.push_back(step->second);
    };
    for (const auto& [key, attachment] : wanted.networks) add(network_steps_, key);
    for (const model::Mount& mount : wanted.volumes)
        if (mount.type == "volume") add(volume_steps_, mount.source);
    for (const auto& [name, dependency] : wanted.depends_on) add(last_step_, name);
    return steps;
}

}  // namespace tutti::plan
