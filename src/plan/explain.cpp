#include "plan/explain.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/duration.h"
#include "base/text.h"

namespace tutti::plan {
namespace {

using base::cat;

std::string quoted(const std::vector<std::string>& words) {
    return words.empty() ? std::string("none") : base::join(words, " ");
}

class Comparison {
  public:
    void text(std::string_view field, const std::string& before, const std::string& after) {
        if (before != after)
            changes.push_back(
                cat(field, ": ", before.empty() ? "none" : before, " → ", after.empty() ? "none" : after));
    }
    template <class N>
    void number(std::string_view field, N before, N after) {
        if (before != after) changes.push_back(cat(field, ": ", before, " → ", after));
    }
    void flag(std::string_view field, bool before, bool after) {
        if (before != after)
            changes.push_back(cat(field, ": ", before ? "true" : "false", " → ", after ? "true" : "false"));
    }
    void words(std::string_view field, const std::vector<std::string>& before, const std::vector<std::string>& after) {
        if (before != after) changes.push_back(cat(field, ": ", quoted(before), " → ", quoted(after)));
    }
    void set(std::string_view one, std::vector<std::string> before, std::vector<std::string> after) {
        std::sort(before.begin(), before.end());
        std::sort(after.begin(), after.end());
        std::vector<std::string> gone, come;
        std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(gone));
        std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(come));
        for (const std::string& item : gone) changes.push_back(cat(one, " removed: ", item));
        for (const std::string& item : come) changes.push_back(cat(one, " added: ", item));
    }
    void map(std::string_view field, const std::map<std::string, std::string>& before,
             const std::map<std::string, std::string>& after) {
        std::set<std::string> keys;
        for (const auto& [key, value] : before) keys.insert(key);
        for (const auto& [key, value] : after) keys.insert(key);
        for (const std::string& key : keys) {
            const auto old = before.find(key), now = after.find(key);
            if (old == before.end())
                changes.push_back(cat(field, " ", key, ": none → ", now->second));
            else if (now == after.end())
                changes.push_back(cat(field, " ", key, ": ", old->second, " → none"));
            else
                text(cat(field, " ", key), old->second, now->second);
        }
    }

    std::vector<std::string> changes;
};

std::map<std::string, std::string> as_map(const std::vector<std::string>& environment) {
    std::map<std::string, std::string> entries;
    for (const std::string& entry : environment) {
        const auto equals = entry.find('=');
        entries[entry.substr(0, equals)] = equals == std::string::npos ? "" : entry.substr(equals + 1);
    }
    return entries;
}

std::map<std::string, std::string> own_labels(const engine::Labels& labels) {
    std::map<std::string, std::string> own;
    for (const auto& [key, value] : labels)
        if (!key.starts_with("com.docker.compose.") && !key.starts_with("dev.tutti.")) own.emplace(key, value);
    return own;
}

std::vector<std::string> as_text(const std::vector<engine::PortSpec>& ports) {
    std::vector<std::string> all;
    for (const engine::PortSpec& port : ports)
        all.push_back(cat(port.host_ip, port.host_ip.empty() ? "" : ":", port.host_port, ":", port.container_port, "/",
                          port.protocol));
    return all;
}

std::vector<std::string> as_text(const std::vector<engine::MountSpec>& mounts) {
    std::vector<std::string> all;
    for (const engine::MountSpec& mount : mounts)
        all.push_back(
            cat(mount.source.empty() ? "(anonymous)" : mount.source, ":", mount.target, mount.read_only ? ":ro" : ""));
    return all;
}

std::vector<std::string> as_text(const std::vector<engine::EndpointSpec>& endpoints) {
    std::vector<std::string> all;
    for (const engine::EndpointSpec& endpoint : endpoints) {
        std::string text = endpoint.network;
        if (!endpoint.ipv4_address.empty()) text += cat(" ", endpoint.ipv4_address);
        all.push_back(std::move(text));
    }
    return all;
}

std::string as_text(const std::optional<engine::HealthCheck>& check) {
    if (!check || check->test.empty()) return {};
    return cat(base::join(check->test, " "), " every ", base::to_go_text(check->interval));
}

std::string as_text(const engine::RestartPolicy& policy) {
    using Kind = engine::RestartPolicy::Kind;
    switch (policy.kind) {
        case Kind::no: return "no";
        case Kind::always: return "always";
        case Kind::unless_stopped: return "unless-stopped";
        case Kind::on_failure:
            return policy.max_retries ? cat("on-failure:", policy.max_retries) : std::string("on-failure");
    }
    return {};
}

// What the image would give where nothing is said.
engine::ContainerSpec with_image(engine::ContainerSpec spec, const engine::Image& image) {
    if (!spec.entrypoint) {
        spec.entrypoint = image.entrypoint;
        if (!spec.command) spec.command = image.command;
    }
    if (spec.user.empty()) spec.user = image.user;
    if (spec.working_dir.empty()) spec.working_dir = image.working_dir;
    if (spec.stop_signal.empty()) spec.stop_signal = image.stop_signal;
    if (!spec.health_check) spec.health_check = image.health_check;
    auto environment = as_map(image.env);
    for (auto& [key, value] : as_map(spec.env)) environment[key] = value;
    spec.env.clear();
    for (const auto& [key, value] : environment) spec.env.push_back(cat(key, "=", value));
    engine::Labels labels = image.labels;
    for (auto& [key, value] : spec.labels) labels[key] = value;
    spec.labels = std::move(labels);
    return spec;
}

}  // namespace

std::vector<std::string> differences(const engine::Container& there, const engine::ContainerSpec& wanted,
                                     const engine::Image* image) {
    // Both sides get the image's values where they say nothing; a value that only an old image had shows up as image.
    const engine::ContainerSpec old = image ? with_image(there.spec, *image) : there.spec;
    const engine::ContainerSpec now = image ? with_image(wanted, *image) : wanted;
    const std::vector<std::string> none;
    Comparison compare;
    compare.text("image", there.image, now.image);
    compare.words("entrypoint", old.entrypoint.value_or(none), now.entrypoint.value_or(none));
    compare.words("command", old.command.value_or(none), now.command.value_or(none));
    compare.map("environment", as_map(old.env), as_map(now.env));
    compare.map("label", own_labels(old.labels), own_labels(now.labels));
    compare.set("port", as_text(old.ports), as_text(now.ports));
    compare.set("mount", as_text(old.mounts), as_text(now.mounts));
    compare.set("network", as_text(old.endpoints), as_text(now.endpoints));
    compare.text("network_mode", old.network_mode, now.network_mode);
    compare.text("user", old.user, now.user);
    compare.text("working_dir", old.working_dir, now.working_dir);
    if (!now.hostname.empty()) compare.text("hostname", old.hostname, now.hostname);
    compare.text("restart", as_text(old.restart), as_text(now.restart));
    compare.text("healthcheck", as_text(old.health_check), as_text(now.health_check));
    compare.text("stop_signal", old.stop_signal, now.stop_signal);
    compare.flag("tty", old.tty, now.tty);
    compare.flag("privileged", old.privileged, now.privileged);
    compare.flag("read_only", old.read_only, now.read_only);
    compare.set("cap_add", old.cap_add, now.cap_add);
    compare.set("cap_drop", old.cap_drop, now.cap_drop);
    compare.set("extra_hosts", old.extra_hosts, now.extra_hosts);
    compare.number("memory", old.resources.memory, now.resources.memory);
    compare.number("cpus (10⁻⁹)", old.resources.nano_cpus, now.resources.nano_cpus);
    compare.number("shm_size", old.shm_size, now.shm_size);
    return std::move(compare.changes);
}

}  // namespace tutti::plan
