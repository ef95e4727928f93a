// The fake's networks and volumes: records with the conflicts that a real engine reports.
#include "base/text.h"
#include "engine/fake/world.h"

namespace tutti::engine::fake {
namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

Network* find_network(World& world, const std::string& name) {
    if (const auto found = world.networks.find(name); found != world.networks.end()) return &found->second;
    for (auto& [key, network] : world.networks)
        if (network.id == name || (name.size() >= 4 && network.id.starts_with(name))) return &network;
    return nullptr;
}

class FakeNetworks final : public Networks {
  public:
    explicit FakeNetworks(World& world) : world_(world) {}

    std::vector<Network> list(const LabelFilter& labels) override {
        const std::lock_guard lock(world_.mutex);
        std::vector<Network> all;
        for (const auto& [name, network] : world_.networks)
            if (matches(network.labels, labels)) all.push_back(network);
        return all;
    }

    std::optional<Network> find(const std::string& name) override {
        const std::lock_guard lock(world_.mutex);
        const Network* found = find_network(world_, name);
        if (!found) return std::nullopt;
        Network network = *found;
        for (const auto& [id, thing] : world_.containers) {
            if (thing.container.state != ContainerState::running) continue;
            for (const Endpoint& endpoint : thing.container.endpoints)
                if (endpoint.network == network.name)
                    network.members.push_back({id, thing.container.name, endpoint.endpoint_id, endpoint.mac_address,
                                               cat(endpoint.ipv4_address, "/16"), ""});
        }
        return network;
    }

    std::string create(const NetworkSpec& spec) override {
        const std::lock_guard lock(world_.mutex);
        world_.call(cat("network create ", spec.name));
        if (world_.networks.count(spec.name))
            throw Error(ErrorKind::conflict, cat("network with name ", spec.name, " already exists"));
        Network network;
        static_cast<NetworkSpec&>(network) = spec;
        if (network.driver.empty()) network.driver = "bridge";
        network.id = world_.new_id();
        network.created = world_.now();
        world_.networks[spec.name] = network;
        world_.emit("network", "create", network.id, {{"name", spec.name}, {"type", network.driver}});
        return network.id;
    }

    void remove(const std::string& name) override {
        const std::lock_guard lock(world_.mutex);
        world_.call(cat("network rm ", name));
        const Network* network = find_network(world_, name);
        if (!network) throw Error(ErrorKind::not_found, cat("network ", name, " not found"));
        for (const auto& [id, thing] : world_.containers)
            for (const Endpoint& endpoint : thing.container.endpoints)
                if (endpoint.network == network->name && thing.container.state == ContainerState::running)
                    throw Error(ErrorKind::conflict,
                                cat("error while removing network: network ", network->name, " has active endpoints"));
        world_.emit("network", "destroy", network->id, {{"name", network->name}});
        world_.networks.erase(std::string(network->name));
    }

    void connect(const std::string& name, const std::string& container, const EndpointSpec& spec) override {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(container);
        world_.call(cat("network connect ", name, " ", thing.container.name));
        const Network* network = find_network(world_, name);
        if (!network) throw Error(ErrorKind::not_found, cat("network ", name, " not found"));
        Endpoint endpoint;
        endpoint.network = network->name;
        endpoint.network_id = network->id;
        endpoint.aliases = spec.aliases;
        thing.container.endpoints.push_back(endpoint);
    }

    void disconnect(const std::string& name, const std::string& container, bool) override {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(container);
        world_.call(cat("network disconnect ", name, " ", thing.container.name));
        std::erase_if(thing.container.endpoints, [&](const Endpoint& endpoint) { return endpoint.network == name; });
    }

    std::vector<std::string> prune(const LabelFilter&) override { return {}; }

  private:
    World& world_;
};

class FakeVolumes final : public Volumes {
  public:
    explicit FakeVolumes(World& world) : world_(world) {}

    std::vector<Volume> list(const LabelFilter& labels) override {
        const std::lock_guard lock(world_.mutex);
        std::vector<Volume> all;
        for (const auto& [name, volume] : world_.volumes)
            if (matches(volume.labels, labels)) all.push_back(volume);
        return all;
    }

    std::optional<Volume> find(const std::string& name) override {
        const std::lock_guard lock(world_.mutex);
        const auto found = world_.volumes.find(name);
        return found == world_.volumes.end() ? std::nullopt : std::optional(found->second);
    }

    std::string create(const VolumeSpec& spec) override {
        const std::lock_guard lock(world_.mutex);
        world_.call(cat("volume create ", spec.name));
        Volume volume;
        static_cast<VolumeSpec&>(volume) = spec;
        if (volume.name.empty()) volume.name = world_.new_id();
        if (volume.driver.empty()) volume.driver = "local";
        volume.created = world_.now();
        world_.volumes.emplace(volume.name, volume);
        return volume.name;
    }

    void remove(const std::string& name, bool) override {
        const std::lock_guard lock(world_.mutex);
        world_.call(cat("volume rm ", name));
        if (!world_.volumes.count(name)) throw Error(ErrorKind::not_found, cat("no such volume: ", name));
        for (const auto& [id, thing] : world_.containers)
            for (const MountPoint& mount : thing.container.mounts)
                if (mount.name == name)
                    throw Error(ErrorKind::conflict, cat("remove ", name, ": volume is in use - [", id, "]"));
        world_.volumes.erase(name);
    }

    std::vector<std::string> prune(bool, const LabelFilter&) override { return {}; }

  private:
    World& world_;
};

}  // namespace

std::unique_ptr<Networks> make_networks(World& world) { return std::make_unique<FakeNetworks>(world); }
std::unique_ptr<Volumes> make_volumes(World& world) { return std::make_unique<FakeVolumes>(world); }

}  // namespace tutti::engine::fake
