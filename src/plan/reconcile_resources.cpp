// Networks and volumes: created when missing, replaced when their configuration changed.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "model/hash.h"
#include "plan/reconciler.h"

namespace tutti::plan {

using base::cat;
using base::Error;
using base::ErrorKind;

void Reconciler::check_external() const {
    for (const auto& [key, network] : project_.networks)
        if (network.external && !network_there_.count(key))
            throw Error(ErrorKind::not_found,
                        cat("network ", network.name, " declared as external, but could not be found"),
                        cat("create it first: network create ", network.name));
    for (const auto& [key, volume] : project_.volumes)
        if (volume.external && !volume_there_.count(key))
            throw Error(ErrorKind::not_found, cat("external volume \"", volume.name, "\" not found"),
                        cat("create it first: volume create ", volume.name));
}

void Reconciler::networks() {
    for (const auto& [key, network] : project_.networks) {
        if (network.external) continue;
        const auto there = network_there_.find(key);
        if (there == network_there_.end()) {
            network_steps_[key] = plan_.add(CreateNetwork{key, spec::to_spec(project_, key, network)}, "not found");
            continue;
        }
        const std::string& hash = there->second->config_hash;
        if (!hash.empty() && hash != model::config_hash(network)) recreate_network(key, *there->second);
    }
}

// Stop and disconnect its containers, replace it, connect them again: they keep their identity.
void Reconciler::recreate_network(const std::string& key, const state::Resource& there) {
    const model::Network& wanted = project_.networks.find(key)->second;
    std::vector<const state::Container*> users;
    for (const auto& [name, service] : project_.services)
        if (service.networks.count(key))
            for (const state::Container* container : there_of(name)) users.push_back(container);
    std::vector<StepId> disconnected;
    for (const state::Container* user : users) {
        const StepId stopped = stop(*user, cat("network ", key, " config changed"));
        disconnected.push_back(
            plan_.add(DisconnectNetwork{there.name, user->name()}, cat("network ", key, " recreate"), {stopped}));
    }
    // Under a new name the old one need not go first, and may stay when others use it.
    const bool renamed = there.name != wanted.name;
    const StepId removed =
        plan_.add(RemoveNetwork{key, there.name, renamed ? RemoveNetwork::InUse::warns : RemoveNetwork::InUse::fails},
                  renamed ? "renamed (best-effort cleanup)" : "config hash diverged", disconnected);
    const StepId created = plan_.add(CreateNetwork{key, spec::to_spec(project_, key, wanted)},
                                     renamed ? "renamed" : "recreate after config change",
                                     renamed ? std::vector<StepId>{} : std::vector<StepId>{removed});
    network_steps_[key] = created;
    for (std::size_t i = 0; i < users.size(); ++i) {
        spec::Replica replica;
        replica.name = users[i]->name();
        replica.number = users[i]->number;
        const model::Service& service = project_.services.find(users[i]->service)->second;
        engine::ContainerSpec joined;
        spec::add_networks(project_, service, state_, replica, options_.spec, joined);
        engine::EndpointSpec endpoint;
        for (engine::EndpointSpec& one : joined.endpoints)
            if (one.network == wanted.name) endpoint = std::move(one);
        reconnected_[users[i]->id()].push_back(
            plan_.add(ConnectNetwork{wanted.name, users[i]->name(), std::move(endpoint)},
                      cat("network ", key, " recreate"), {created, disconnected[i]}));
    }
}

void Reconciler::volumes() {
    std::vector<std::string> diverged;
    for (const auto& [key, volume] : project_.volumes) {
        if (volume.external) continue;
        const auto there = volume_there_.find(key);
        const auto create = [&, key = key](std::string cause) {
            volume_steps_[key] = plan_.add(
                CreateVolume{key, spec::to_spec(project_, key, project_.volumes.find(key)->second)}, std::move(cause));
        };
        if (there == volume_there_.end()) {
            create("not found");
            continue;
        }
        const std::string& hash = there->second->config_hash;
        if (hash.empty() || hash == model::config_hash(volume)) continue;
        if (there->second->name != volume.name) {
            // The old one keeps its data; containers move to the new one.
            create("renamed");
            volume_names_[key] = volume.name;
            continue;
        }
        if (options_.confirm &&
            options_.confirm(
                cat("Volume \"", volume.name,
                    "\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?")))
            diverged.push_back(key);
    }
    if (!diverged.empty()) recreate_volumes(diverged);
}

void Reconciler::recreate_volumes(const std::vector<std::string>& keys) {
    std::set<std::string> services;
    for (const std::string& key : keys)
        for (std::string& name : services_using_volume(key)) services.insert(std::move(name));
    std::vector<StepId> removed;
    for (const std::string& name : services)
        for (const state::Container* container : there_of(name)) {
            const StepId stopped = stop(*container, "mounted volume config changed");
            removed.push_back(plan_.add(RemoveContainer{container->id(), container->name(), false},
                                        "mounted volume config changed", {stopped}));
        }
    for (const std::string& key : keys) {
        const StepId gone = plan_.add(RemoveVolume{key, volume_names_[key], false}, "config hash diverged", removed);
        volume_steps_[key] =
            plan_.add(CreateVolume{key, spec::to_spec(project_, key, project_.volumes.find(key)->second)},
                      "recreate after config change", {gone});
    }
    recreated_.insert(services.begin(), services.end());
    cleared_ = std::move(services);
}

// Those that mount it, and those that take over the volumes of one of them.
std::vector<std::string> Reconciler::services_using_volume(const std::string& key) const {
    std::set<std::string> users;
    for (const auto& [name, service] : project_.services)
        if (std::any_of(service.volumes.begin(), service.volumes.end(),
                        [&](const model::Mount& m) { return m.source == key; }))
            users.insert(name);
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto& [name, service] : project_.services)
            for (const std::string& from : service.volumes_from)
                if (!from.starts_with("container:") && users.count(std::string(base::split(from, ':').front())))
                    grown = users.insert(name).second || grown;
    }
    return {users.begin(), users.end()};
}

}  // namespace tutti::plan
