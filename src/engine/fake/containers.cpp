// The fake's containers: create, start, stop and the rest as state changes with their events.
#include <set>

#include "base/text.h"
#include "engine/fake/streams.h"
#include "engine/fake/world.h"

namespace tutti::engine::fake {
namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

bool is_running(const Thing& thing) {
    return thing.container.state == ContainerState::running || thing.container.state == ContainerState::paused;
}

bool has_check(const ContainerSpec& spec) {
    return spec.health_check && !(spec.health_check->test.size() == 1 && spec.health_check->test[0] == "NONE");
}

void attach_networks(World& world, Container& container) {
    for (const EndpointSpec& wanted : container.spec.endpoints) {
        const auto network = world.networks.find(wanted.network);
        if (network == world.networks.end())
            throw Error(ErrorKind::not_found, cat("network ", wanted.network, " not found"));
        Endpoint endpoint;
        endpoint.network = wanted.network;
        endpoint.network_id = network->second.id;
        endpoint.aliases = wanted.aliases;
        endpoint.ipv4_address =
            wanted.ipv4_address.empty() ? cat("172.18.0.", world.containers.size() + 2) : wanted.ipv4_address;
        container.endpoints.push_back(endpoint);
    }
}

void add_volume(World& world, Container& container, const std::string& name, const std::string& target, bool writable) {
    if (!world.volumes.count(name)) {
        Volume volume;
        volume.name = name;
        volume.driver = "local";
        volume.created = world.now();
        world.volumes[name] = volume;
    }
    container.mounts.push_back(
        {"volume", name, cat("/volumes/", name), target, "local", writable ? "rw" : "ro", "", writable});
}

void attach_mounts(World& world, Container& container, const Image& image) {
    std::set<std::string> targets;
    for (const MountSpec& mount : container.spec.mounts) {
        targets.insert(mount.target);
        if (mount.type == MountSpec::Type::volume)
            add_volume(world, container, mount.source.empty() ? world.new_id() : mount.source, mount.target,
                       !mount.read_only);
        else if (mount.type == MountSpec::Type::bind)
            container.mounts.push_back({"bind", "", mount.source, mount.target, "", "", "rprivate", !mount.read_only});
        else if (mount.type == MountSpec::Type::tmpfs)
            container.mounts.push_back({"tmpfs", "", "", mount.target, "", "", "", !mount.read_only});
    }
    for (const std::string& target : image.volumes)
        if (!targets.count(target)) add_volume(world, container, world.new_id(), target, true);
}

void publish(World& world, Container& container) {
    container.ports.clear();
    std::set<std::pair<std::uint16_t, std::string>> published;
    for (const PortSpec& port : container.spec.ports) {
        published.insert({port.container_port, port.protocol});
        const std::string first(base::split(port.host_port, '-').front());
        const auto wanted = base::to_uint(first);
        const auto number =
            static_cast<std::uint16_t>(wanted && *wanted ? *wanted : static_cast<unsigned>(world.next_port++));
        for (const auto& [id, other] : world.containers)
            for (const PublishedPort& taken : other.container.ports)
                if (taken.host_port == number && taken.protocol == port.protocol && id != container.id)
                    throw Error(ErrorKind::conflict, cat("Bind for ", port.host_ip.empty() ? "0.0.0.0" : port.host_ip,
                                                         ":", number, " failed: port is already allocated"));
        if (port.host_ip.empty()) {
            container.ports.push_back({"0.0.0.0", number, port.container_port, port.protocol});
            container.ports.push_back({"::", number, port.container_port, port.protocol});
        } else {
            container.ports.push_back({port.host_ip, number, port.container_port, port.protocol});
        }
    }
    for (const std::string& exposed : container.spec.exposed_ports) {
        const auto parts = base::split(exposed, '/');
        const auto number = base::to_uint(parts[0]);
        const std::string protocol(parts.size() > 1 ? parts[1] : "tcp");
        if (number && !published.count({static_cast<std::uint16_t>(*number), protocol}))
            container.ports.push_back({"", 0, static_cast<std::uint16_t>(*number), protocol});
    }
}

class FakeContainers final : public Containers {
  public:
    explicit FakeContainers(World& world) : world_(world) {}

    std::vector<ContainerSummary> list(const ListOptions& options) override {
        const std::lock_guard lock(world_.mutex);
        std::vector<ContainerSummary> all;
        for (const auto& [id, thing] : world_.containers)
            if ((options.all || is_running(thing) || thing.container.state == ContainerState::restarting) &&
                matches(thing.container.labels, options.labels))
                all.push_back(thing.container);
        return all;
    }

    Container inspect(const std::string& name) override {
        const std::lock_guard lock(world_.mutex);
        return world_.find(name).container;
    }

    std::string create(const ContainerSpec& spec) override {
        const std::lock_guard lock(world_.mutex);
        world_.call(cat("create ", spec.name));
        for (const auto& [id, thing] : world_.containers)
            if (thing.container.name == spec.name)
                throw Error(
                    ErrorKind::conflict,
                    cat("Conflict. The container name \"/", spec.name, "\" is already in use by container \"", id,
                        "\". You have to remove (or rename) that container to be able to reuse that name."));
        const Image& image = image_of(spec.image);
        Thing thing;
        Container& container = thing.container;
        container.id = world_.new_id();
        container.spec = spec;
        container.name = spec.name.empty() ? cat("fake_", world_.ids) : spec.name;
        container.image = spec.image;
        container.image_id = image.id;
        container.labels = spec.labels;
        container.network_mode = spec.network_mode;
        container.created = world_.now();
        std::vector<std::string> argv = spec.entrypoint ? *spec.entrypoint : image.entrypoint;
        const std::vector<std::string>& command = spec.command ? *spec.command : image.command;
        if (!spec.entrypoint || spec.command) argv.insert(argv.end(), command.begin(), command.end());
        container.command = base::join(argv, " ");
        if (!container.spec.health_check) container.spec.health_check = image.health_check;
        for (const std::string& port : image.exposed_ports) container.spec.exposed_ports.push_back(port);
        attach_networks(world_, container);
        attach_mounts(world_, container, image);
        const std::string id = container.id;
        const Thing& kept = world_.containers[id] = std::move(thing);
        world_.emit(kept, "create");
        return id;
    }

    std::vector<std::string> start(const std::string& name) override {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        if (is_running(thing)) return {};
        world_.call(cat("start ", thing.container.name));
        const std::vector<std::string> notes = world_.behaviour(thing).notes;
        begin(thing);  // one that ends at once and is removed by itself is gone after this
        return notes;
    }

    void stop(const std::string& name, const StopOptions& options, const os::Cancel& cancel) override {
        cancel.check();
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        if (!is_running(thing)) return;
        world_.call(cat("stop ", thing.container.name));
        halt(thing, options);
    }

    void restart(const std::string& name, const StopOptions& options, const os::Cancel& cancel) override {
        cancel.check();
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        world_.call(cat("restart ", thing.container.name));
        if (is_running(thing)) halt(thing, options);
        begin(thing);
        world_.emit(thing, "restart");
    }

    void kill(const std::string& name, const std::string& signal) override {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        if (!is_running(thing))
            throw Error(ErrorKind::conflict,
                        cat("cannot kill container: ", name, ": container ", thing.container.id, " is not running"));
        world_.call(cat("kill ", thing.container.name, " ", signal.empty() ? "SIGKILL" : signal));
        world_.emit(thing, "kill", {{"signal", signal}});
        const bool fatal = signal.empty() || signal == "SIGKILL" || signal == "KILL" || signal == "9";
        if (fatal)
            world_.end(thing, 137);
        else if (signal == "SIGTERM" || signal == "SIGINT")
            world_.end(thing, signal == "SIGTERM" ? 143 : 130);
    }

    void pause(const std::string& name) override {
        freeze(name, "pause", ContainerState::running, ContainerState::paused);
    }
    void unpause(const std::string& name) override {
        freeze(name, "unpause", ContainerState::paused, ContainerState::running);
    }

    void remove(const std::string& name, const RemoveOptions& options) override {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        world_.call(cat("rm ", thing.container.name));
        if (is_running(thing)) {
            if (!options.force)
                throw Error(ErrorKind::conflict,
                            cat("cannot remove container \"", thing.container.name,
                                "\": container is running: stop the container before removing or force remove"));
            thing.container.spec.auto_remove = false;  // one removal is enough
            world_.end(thing, 137);
        }
        const std::string id = thing.container.id;
        std::vector<std::string> anonymous;
        for (const MountPoint& mount : thing.container.mounts)
            if (options.anonymous_volumes && mount.type == "volume" && mount.name.size() == 64)
                anonymous.push_back(mount.name);
        world_.emit(thing, "destroy");
        world_.containers.erase(id);
        for (const std::string& volume : anonymous) world_.volumes.erase(volume);
    }

    void rename(const std::string& name, const std::string& new_name) override {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        world_.call(cat("rename ", thing.container.name, " ", new_name));
        for (const auto& [id, other] : world_.containers)
            if (other.container.name == new_name) throw Error(ErrorKind::conflict, cat("name ", new_name, " is taken"));
        thing.container.name = thing.container.spec.name = new_name;
        world_.emit(thing, "rename");
    }

    void update(const std::string& name, const Resources& resources,
                const std::optional<RestartPolicy>& restart) override {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        thing.container.spec.resources = resources;
        if (restart) thing.container.spec.restart = *restart;
    }

    int wait(const std::string& name, WaitFor what, const os::Cancel& cancel) override {
        std::unique_lock lock(world_.mutex);
        const std::string id = world_.find(name).container.id;
        const Time begun = world_.find(name).container.finished;
        const auto gone = [&] { return !world_.containers.count(id); };
        world_.wait(lock, cancel, [&] {
            if (gone()) return true;
            const Container& container = world_.containers.at(id).container;
            if (what == WaitFor::not_running) return !is_running(world_.containers.at(id));
            return what == WaitFor::next_exit && container.finished > begun;
        });
        return gone() ? world_.exit_codes[id] : world_.containers.at(id).container.exit_code;
    }

    std::unique_ptr<Attached> attach(const std::string& name, const AttachOptions& options) override {
        const std::lock_guard lock(world_.mutex);
        return make_attached(world_, world_.find(name).container.id, options);
    }

    void logs(const std::string& name, const LogOptions& options, const LogSink& sink,
              const os::Cancel& cancel) override {
        read_log(world_, name, options, sink, cancel);
    }

    std::unique_ptr<Exec> exec(const std::string& name, const ExecSpec& spec) override {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        if (!is_running(thing))
            throw Error(ErrorKind::conflict, cat("container ", thing.container.id, " is not running"));
        world_.call(cat("exec ", thing.container.name, " ", base::join(spec.command, " ")));
        const Behaviour& behaviour = world_.behaviour(thing);
        return make_exec(behaviour.exec ? behaviour.exec(spec) : Behaviour::Ran{});
    }

    void resize(const std::string&, int, int) override {}

    ProcessTable top(const std::string& name, const std::vector<std::string>&) override {
        const std::lock_guard lock(world_.mutex);
        const Container& container = world_.find(name).container;
        return {{"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"},
                {{{"root", std::to_string(container.pid), "1", "0", "10:00", "?", "00:00:00", container.command}}}};
    }

    Stats stats(const std::string& name) override {
        const std::lock_guard lock(world_.mutex);
        world_.find(name);
        Stats stats;
        stats.read = world_.now();
        stats.cpu_total = world_.ticks * 10'000'000;
        stats.cpu_system = world_.ticks * 2'000'000'000;
        stats.online_cpus = 2;
        stats.memory_usage = 8 << 20;
        stats.memory_limit = 1 << 30;
        stats.pids = 1;
        return stats;
    }

    void copy_out(const std::string& name, const std::string& path,
                  const std::function<void(std::string_view)>& sink) override {
        const std::lock_guard lock(world_.mutex);
        const Thing& thing = world_.find(name);
        const auto found = thing.files.find(path);
        if (found == thing.files.end())
            throw Error(ErrorKind::not_found, cat("Could not find the file ", path, " in container ", name));
        sink(found->second);
    }

    void copy_in(const std::string& name, const std::string& path, const std::function<std::string()>& source,
                 bool) override {
        std::string all;
        for (std::string piece = source(); !piece.empty(); piece = source()) all += piece;
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        world_.call(cat("copy to ", thing.container.name, ":", path));
        thing.files[path] = std::move(all);
    }

    std::optional<PathStat> stat_path(const std::string& name, const std::string& path) override {
        const std::lock_guard lock(world_.mutex);
        const Thing& thing = world_.find(name);
        if (!thing.files.count(path)) return std::nullopt;
        PathStat stat;
        stat.name = path.substr(path.rfind('/') + 1);
        stat.mode = 0040755;
        return stat;
    }

    void export_(const std::string& name, const std::function<void(std::string_view)>& sink) override {
        const std::lock_guard lock(world_.mutex);
        sink(cat("tar of ", world_.find(name).container.name));
    }

    std::string commit(const std::string& name, const CommitOptions& options) override {
        const std::lock_guard lock(world_.mutex);
        Image image = image_of(world_.find(name).container.image);
        image.id = "sha256:" + world_.new_id();
        image.author = options.author;
        image.comment = options.message;
        if (!options.reference.empty()) world_.images[options.reference] = image;
        return image.id;
    }

  private:
    const Image& image_of(const std::string& reference) {
        for (const auto& [name, image] : world_.images)
            if (name == reference || name == reference + ":latest" || image.id == reference) return image;
        throw Error(ErrorKind::not_found, cat("No such image: ", reference));
    }

    void begin(Thing& thing) {
        Container& container = thing.container;
        publish(world_, container);
        container.state = ContainerState::running;
        container.started = world_.now();
        container.pid = static_cast<int>(1000 + world_.ticks);
        container.exit_code = 0;
        container.health = has_check(container.spec) ? Health::starting : Health::none;
        container.probes.clear();
        ++thing.starts;
        const Behaviour& behaviour = world_.behaviour(thing);
        for (const auto& [stream, text] : behaviour.output) thing.log->push_back({world_.now(), stream, text, false});
        world_.emit(thing, "start");
        if (has_check(container.spec) && behaviour.health != Health::none && behaviour.health != Health::starting) {
            container.health = behaviour.health;
            container.probes.push_back(
                {world_.now(), world_.now(), behaviour.health == Health::healthy ? 0 : 1, "probe output"});
            world_.emit(thing, cat("health_status: ", to_text(behaviour.health)));
        }
        if (behaviour.exits) world_.end(thing, *behaviour.exits);
    }

    void halt(Thing& thing, const StopOptions& options) {
        const std::string signal = options.signal.empty() ? "15" : options.signal;
        world_.emit(thing, "kill", {{"signal", signal}});
        world_.emit(thing, "stop");
        world_.end(thing, world_.behaviour(thing).stop_code);
    }

    void freeze(const std::string& name, const std::string& word, ContainerState from, ContainerState to) {
        const std::lock_guard lock(world_.mutex);
        Thing& thing = world_.find(name);
        if (thing.container.state != from)
            throw Error(ErrorKind::conflict, cat("Container ", thing.container.id, " is ",
                                                 from == ContainerState::running ? "already paused" : "not paused"));
        world_.call(cat(word, " ", thing.container.name));
        thing.container.state = to;
        world_.emit(thing, word);
    }

    World& world_;
};

}  // namespace

std::unique_ptr<Containers> make_containers(World& world) { return std::make_unique<FakeContainers>(world); }

}  // namespace tutti::engine::fake
