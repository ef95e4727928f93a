#include "engine/fake/world.h"

#include <array>

#include "base/text.h"

namespace tutti::engine::fake {

Time World::now() {
    // 2026-01-01 00:00:00 UTC and a second per tick.
    return Time(std::chrono::seconds(1767225600 + ++ticks));
}

std::string World::new_id() {
    std::uint64_t seed = ++ids;
    std::string id;
    while (id.size() < 64) {  // splitmix64: spread, so that prefixes are unique
        seed += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        z ^= z >> 31;
        std::array<unsigned char, 8> bytes{};
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(z >> (8 * i));
        id += base::to_hex(bytes);
    }
    return id;
}

Thing& World::find(const std::string& name) {
    if (const auto found = containers.find(name); found != containers.end()) return found->second;
    Thing* match = nullptr;
    for (auto& [id, thing] : containers) {
        if (thing.container.name == name) return thing;
        if (name.size() >= 4 && id.starts_with(name)) match = &thing;
    }
    if (match) return *match;
    throw base::Error(base::ErrorKind::not_found, base::cat("No such container: ", name));
}

void World::emit(const Thing& thing, const std::string& action, const Options& more) {
    Options attributes = thing.container.labels;
    attributes["name"] = thing.container.name;
    attributes["image"] = thing.container.image;
    for (const auto& [key, value] : more) attributes[key] = value;
    emit("container", action, thing.container.id, std::move(attributes));
}

void World::emit(const std::string& type, const std::string& action, const std::string& id, Options attributes) {
    events.push_back({now(), type, action, id, std::move(attributes)});
    changed.notify_all();
}

void World::call(const std::string& text) {
    if (const auto failure = failures.find(text); failure != failures.end()) {
        const base::Error error = failure->second;
        failures.erase(failure);
        throw error;
    }
    calls.push_back(text);
}

void World::end(Thing& thing, int code) {
    Container& container = thing.container;
    if (container.state != ContainerState::running && container.state != ContainerState::paused) return;
    container.state = ContainerState::exited;
    container.exit_code = code;
    container.finished = now();
    container.pid = 0;
    for (PublishedPort& port : container.ports) port.host_port = 0;
    emit(thing, "die", {{"exitCode", std::to_string(code)}});
    const std::string id = container.id;
    exit_codes[id] = code;
    if (!container.spec.auto_remove) return;
    emit(thing, "destroy");
    containers.erase(id);
    changed.notify_all();
}

const Behaviour& World::behaviour(const Thing& thing) const {
    static const Behaviour plain;
    const auto found = behaviours.find(thing.container.image);
    return found == behaviours.end() ? plain : found->second;
}

void World::wait(std::unique_lock<std::mutex>& lock, const os::Cancel& cancel, const std::function<bool()>& done) {
    while (!done()) {
        cancel.check();
        changed.wait_for(lock, std::chrono::milliseconds(5));  // a Cancel cannot wake a condition variable
    }
}

}  // namespace tutti::engine::fake
