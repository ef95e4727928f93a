#include "plan/spec/spec.h"

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "model/hash.h"
#include "state/labels.h"

namespace tutti::plan::spec {
namespace {

namespace label = state::label;
using base::cat;

void set(engine::Labels& labels, std::string_view key, std::string value) {
    labels.insert_or_assign(std::string(key), std::move(value));
}

std::string dependencies_label(const model::Service& service) {
    std::vector<std::string> entries;
    for (const auto& [name, dependency] : service.depends_on)
        entries.push_back(cat(name, ":", dependency.condition, ":", dependency.restart ? "true" : "false"));
    return base::join(entries, ",");
}

engine::Labels labels_of(const model::Project& project, const model::Service& service, const state::ProjectState& state,
                         const Replica& replica, const Options& options) {
    engine::Labels labels(service.labels.begin(), service.labels.end());
    set(labels, label::project, project.name);
    set(labels, label::service, service.name);
    set(labels, label::version, std::string(label::version_value));
    set(labels, label::working_dir, project.working_dir);
    set(labels, label::config_files, base::join(project.compose_files, ","));
    set(labels, label::one_off, replica.one_off ? "True" : "False");
    if (!options.env_files.empty()) set(labels, label::environment_file, base::join(options.env_files, ","));
    if (const auto image = state.images.find(state::image_of(service, project.name)); image != state.images.end())
        set(labels, label::image, image->second.id);
    if (std::string digests = image_volume_digests(service, state); !digests.empty())
        set(labels, label::image_volumes, std::move(digests));
    if (std::string hash = files_hash(project, service, options); !hash.empty())
        set(labels, label::files_hash, std::move(hash));
    if (std::string hash = provided_hash(service, options); !hash.empty())
        set(labels, label::provided_hash, std::move(hash));
    set(labels, label::config_hash, model::config_hash(service));
    if (replica.number > 0) set(labels, label::number, std::to_string(replica.number));
    set(labels, label::depends_on, dependencies_label(service));
    return labels;
}

std::vector<std::string> entries_of(const model::Environment& environment) {
    std::vector<std::string> entries;
    for (const auto& [key, value] : environment) entries.push_back(value ? cat(key, "=", *value) : key);
    return entries;
}

void refuse_unsupported(const model::Service& service) {
    const auto refuse = [&](std::string_view what, std::string_view why) {
        throw base::Error(base::ErrorKind::unsupported,
                          cat("service \"", service.name, "\": ", what, " is not supported: ", why));
    };
    if (service.use_api_socket) refuse("use_api_socket", "mount the engine's socket with `volumes` instead");
    if (!service.models.empty()) refuse("models", "no model runner is available");
}

model::Mapping provided_to(const model::Service& service, const Options& options) {
    model::Mapping all;
    if (!options.provided) return all;
    for (const auto& [name, said] : *options.provided) {
        if (!service.depends_on.count(name)) continue;
        std::string prefix = name + "_";
        std::ranges::transform(prefix, prefix.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
        for (const auto& [key, value] : said.prefixed) all[prefix + key] = value;
        for (const auto& [key, value] : said.raw) all[key] = value;
    }
    return all;
}

void add_process(const model::Service& service, const Replica& replica, const Options& options,
                 engine::ContainerSpec& spec) {
    spec.entrypoint = service.entrypoint;
    spec.command = service.command;
    spec.env = entries_of(environment_of(service, options));
    spec.user = service.user;
    spec.working_dir = service.working_dir;
    spec.hostname = service.hostname;
    spec.domain_name = service.domainname;
    spec.stop_signal = service.stop_signal;
    if (service.stop_grace_period)
        spec.stop_timeout =
            static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(*service.stop_grace_period).count());
    spec.tty = service.tty;
    spec.open_stdin = service.stdin_open;
    spec.stdin_once = replica.attach_stdin && service.stdin_open;
    spec.attach_stdin = replica.attach_stdin;
    spec.attach_stdout = spec.attach_stderr = true;
    spec.init = service.init;
    spec.annotations.insert(service.annotations.begin(), service.annotations.end());
    spec.auto_remove = replica.auto_remove;
    if (service.logging) {
        spec.log_driver = service.logging->driver;
        spec.log_options.insert(service.logging->options.begin(), service.logging->options.end());
    }
}

}  // namespace

model::Environment environment_of(const model::Service& service, const Options& options) {
    model::Environment environment = service.environment;
    for (auto& [key, value] : provided_to(service, options)) environment[key] = std::move(value);
    return environment;
}

std::string provided_hash(const model::Service& service, const Options& options) {
    std::string all;
    for (const auto& [key, value] : provided_to(service, options)) all += cat(key, "=", value.size(), "\n", value);
    return all.empty() ? std::string() : base::Digest::of(all).hex();
}

std::string container_name(const model::Project& project, const model::Service& service, int number, char separator) {
    if (!service.container_name.empty()) return service.container_name;
    return cat(project.name, separator, service.name, separator, number);
}

std::string_view service_of_mode(std::string_view mode) {
    constexpr std::string_view prefix = "service:";
    return mode.starts_with(prefix) ? mode.substr(prefix.size()) : std::string_view();
}

std::vector<std::string> lenders_of(const model::Service& service) {
    std::vector<std::string> lenders;
    for (const std::string* mode : {&service.network_mode, &service.ipc, &service.pid})
        if (const std::string_view name = service_of_mode(*mode); !name.empty()) lenders.emplace_back(name);
    for (const std::string& entry : service.volumes_from)
        if (!entry.starts_with("container:")) lenders.emplace_back(base::split(entry, ':').front());
    std::sort(lenders.begin(), lenders.end());
    lenders.erase(std::unique(lenders.begin(), lenders.end()), lenders.end());
    return lenders;
}

model::Service prepare(const model::Project& project, const model::Service& service, const state::ProjectState& state) {
    model::Service prepared = service;
    for (model::Mount& mount : prepared.volumes) {
        if (mount.type != "image" || state.images.count(mount.source)) continue;
        const std::string of_service = cat(project.name, "-", mount.source);
        if (state.images.count(of_service)) mount.source = of_service;
    }
    return prepared;
}

std::string image_volume_digests(const model::Service& prepared, const state::ProjectState& state) {
    std::vector<std::string> digests;
    for (const model::Mount& mount : prepared.volumes)
        if (const auto image = state.images.find(mount.source); mount.type == "image" && image != state.images.end())
            digests.push_back(cat(mount.target, "=", image->second.id));
    std::sort(digests.begin(), digests.end());
    return base::join(digests, ",");
}

engine::ContainerSpec to_spec(const model::Project& project, const model::Service& service,
                              const state::ProjectState& state, const Replica& replica, const Options& options) {
    refuse_unsupported(service);
    engine::ContainerSpec spec;
    spec.name = replica.name;
    spec.image = state::image_of(service, project.name);
    spec.platform = service.platform.empty() ? options.default_platform : service.platform;
    spec.labels = labels_of(project, service, state, replica, options);
    spec.restart = replica.one_off ? engine::RestartPolicy{} : restart_policy(service);
    add_process(service, replica, options, spec);
    add_mounts(project, service, state, replica, options, spec);
    add_files(project, service, options, spec);
    add_networks(project, service, state, replica, options, spec);
    add_ports(service, spec);
    add_resources(service, spec);
    add_rights(project, service, options, spec);
    add_health(service, spec);
    return spec;
}

engine::NetworkSpec to_spec(const model::Project& project, const std::string& key, const model::Network& network) {
    engine::NetworkSpec spec;
    spec.name = network.name;
    spec.driver = network.driver;
    spec.driver_opts.insert(network.driver_opts.begin(), network.driver_opts.end());
    spec.ipam_driver = network.ipam.driver;
    spec.ipam_options.insert(network.ipam.options.begin(), network.ipam.options.end());
    for (const model::IpamPool& pool : network.ipam.config) {
        engine::IpamPool& to = spec.ipam.emplace_back();
        to.subnet = pool.subnet;
        to.ip_range = pool.ip_range;
        to.gateway = pool.gateway;
        to.aux_addresses.insert(pool.aux_addresses.begin(), pool.aux_addresses.end());
    }
    spec.internal = network.internal;
    spec.attachable = network.attachable;
    spec.enable_ipv4 = network.enable_ipv4;
    spec.enable_ipv6 = network.enable_ipv6;
    spec.labels.insert(network.labels.begin(), network.labels.end());
    set(spec.labels, label::network, key);
    set(spec.labels, label::project, project.name);
    set(spec.labels, label::version, std::string(label::version_value));
    set(spec.labels, label::config_hash, model::config_hash(network));
    return spec;
}

engine::VolumeSpec to_spec(const model::Project& project, const std::string& key, const model::Volume& volume) {
    engine::VolumeSpec spec;
    spec.name = volume.name;
    spec.driver = volume.driver;
    spec.driver_opts.insert(volume.driver_opts.begin(), volume.driver_opts.end());
    spec.labels.insert(volume.labels.begin(), volume.labels.end());
    set(spec.labels, label::volume, key);
    set(spec.labels, label::project, project.name);
    set(spec.labels, label::version, std::string(label::version_value));
    set(spec.labels, label::config_hash, model::config_hash(volume));
    return spec;
}

}  // namespace tutti::plan::spec
