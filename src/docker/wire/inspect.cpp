#include "docker/wire/inspect.h"

#include "base/text.h"
#include "base/time.h"
#include "docker/wire/container_create.h"
#include "docker/wire/nodes.h"

namespace tutti::docker::wire {

using base::cat;
using doc::Node;

namespace {

constexpr int newest_api = 99;  // what exists is shown whole

Node time(engine::Time value) {
    return value == engine::Time{} ? text("0001-01-01T00:00:00Z") : text(base::to_rfc3339(value));
}

Node texts_or_null(const std::vector<std::string>& values) { return values.empty() ? Node() : Node::texts(values); }

Node health_state(const engine::Container& container) {
    Node out = Node::map();
    out.set("Status", text(engine::to_text(container.health)));
    out.set("FailingStreak", number(container.failing_streak));
    Node& log = out.set("Log", Node::list());
    for (const engine::ProbeResult& probe : container.probes) {
        Node& row = log.push(Node::map());
        row.set("Start", time(probe.start));
        row.set("End", time(probe.end));
        row.set("ExitCode", number(probe.exit_code));
        row.set("Output", text(probe.output));
    }
    return out;
}

Node state_of(const engine::Container& container) {
    using State = engine::ContainerState;
    const bool paused = container.state == State::paused, restarting = container.state == State::restarting;
    Node out = Node::map();
    out.set("Status", text(engine::to_text(container.state)));
    out.set("Running", flag(container.state == State::running || paused || restarting));
    out.set("Paused", flag(paused));
    out.set("Restarting", flag(restarting));
    out.set("OOMKilled", flag(container.oom_killed));
    out.set("Dead", flag(container.state == State::dead));
    out.set("Pid", number(container.pid));
    out.set("ExitCode", number(container.exit_code));
    out.set("Error", text(container.error));
    out.set("StartedAt", time(container.started));
    out.set("FinishedAt", time(container.finished));
    if (container.health != engine::Health::none) out.set("Health", health_state(container));
    return out;
}

// What scripts look up in HostConfig though nobody set it.
Node host_defaults() {
    Node out = Node::map();
    for (const char* list : {"Binds", "CapAdd", "CapDrop", "GroupAdd", "ExtraHosts", "VolumesFrom", "SecurityOpt",
                             "Links", "DeviceCgroupRules", "DeviceRequests", "Ulimits", "Mounts"})
        out.set(list, Node());
    for (const char* list : {"Dns", "DnsOptions", "DnsSearch", "Devices"}) out.set(list, Node::list());
    for (const char* word : {"NetworkMode", "CgroupnsMode", "CgroupParent", "IpcMode", "PidMode", "UTSMode",
                             "UsernsMode", "Runtime", "Isolation", "VolumeDriver", "CpusetCpus", "CpusetMems"})
        out.set(word, text(""));
    for (const char* count : {"CpuShares", "Memory", "NanoCpus", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod",
                              "CpuRealtimeRuntime", "BlkioWeight", "MemoryReservation", "MemorySwap", "OomScoreAdj"})
        out.set(count, number(0));
    for (const char* nothing : {"MemorySwappiness", "PidsLimit"}) out.set(nothing, Node());
    out.set("OomKillDisable", flag(false));
    out.set("PortBindings", Node::map());
    return out;
}

Node config_of(const engine::ContainerSpec& spec, const Node& created) {
    Node out = Node::map();
    for (const auto& entry : created.entries())
        if (entry.key != "HostConfig" && entry.key != "NetworkingConfig") out.set(entry.key, entry.value);
    out.set("Hostname", text(spec.hostname));
    out.set("Domainname", text(spec.domain_name));
    out.set("User", text(spec.user));
    out.set("WorkingDir", text(spec.working_dir));
    out.set("Env", Node::texts(spec.env));
    out.set("Cmd", spec.command ? texts_or_null(*spec.command) : Node());
    out.set("Entrypoint", spec.entrypoint ? texts_or_null(*spec.entrypoint) : Node());
    return out;
}

Node host_config_of(const engine::ContainerSpec& spec, const Node& created) {
    Node out = host_defaults();
    if (const Node* host = created.find("HostConfig"))
        for (const auto& entry : host->entries()) out.set(entry.key, entry.value);
    if (spec.shm_size == 0) out.set("ShmSize", number(std::int64_t{64} << 20));
    if (!out.find("LogConfig")) {
        Node& log = out.set("LogConfig", Node::map());
        log.set("Type", text("json-file"));
        log.set("Config", Node::map());
    } else if (out.find("LogConfig")->text_or("Type").empty()) {
        out.find("LogConfig")->set("Type", text("json-file"));
    }
    return out;
}

Node mounts_of(const std::vector<engine::MountPoint>& mounts) {
    Node out = Node::list();
    for (const engine::MountPoint& mount : mounts) {
        Node& row = out.push(Node::map());
        row.set("Type", text(mount.type));
        if (!mount.name.empty()) row.set("Name", text(mount.name));
        row.set("Source", text(mount.source));
        row.set("Destination", text(mount.destination));
        if (!mount.driver.empty()) row.set("Driver", text(mount.driver));
        row.set("Mode", text(mount.mode));
        row.set("RW", flag(mount.read_write));
        row.set("Propagation", text(mount.propagation));
    }
    return out;
}

Node ports_of(const std::vector<engine::PublishedPort>& ports) {
    Node out = Node::map();
    for (const engine::PublishedPort& port : ports) {
        const std::string key = cat(port.container_port, "/", port.protocol.empty() ? "tcp" : port.protocol);
        if (!out.find(key)) out.set(key, Node());
        if (port.host_port == 0) continue;
        Node& row = out.find(key)->push(Node::map());
        row.set("HostIp", text(port.host_ip));
        row.set("HostPort", text(std::to_string(port.host_port)));
    }
    return out;
}

Node endpoint_of(const engine::Endpoint& endpoint) {
    Node out = Node::map();
    out.set("IPAMConfig", Node());
    out.set("Links", Node());
    out.set("Aliases", texts_or_null(endpoint.aliases));
    out.set("MacAddress", text(endpoint.mac_address));
    out.set("NetworkID", text(endpoint.network_id));
    out.set("EndpointID", text(endpoint.endpoint_id));
    out.set("Gateway", text(endpoint.gateway));
    out.set("IPAddress", text(endpoint.ipv4_address));
    out.set("IPPrefixLen", number(endpoint.ipv4_prefix));
    out.set("IPv6Gateway", text(endpoint.ipv6_gateway));
    out.set("GlobalIPv6Address", text(endpoint.ipv6_address));
    out.set("GlobalIPv6PrefixLen", number(endpoint.ipv6_prefix));
    out.set("DNSNames", texts_or_null(endpoint.dns_names));
    return out;
}

Node network_settings_of(const engine::Container& container) {
    Node out = Node::map();
    out.set("Ports", ports_of(container.ports));
    // The address on the default bridge stands here as well, where scripts have looked for it from the beginning.
    const engine::Endpoint* bridge = nullptr;
    for (const engine::Endpoint& endpoint : container.endpoints)
        if (endpoint.network == "bridge") bridge = &endpoint;
    out.set("Gateway", text(bridge ? bridge->gateway : ""));
    out.set("IPAddress", text(bridge ? bridge->ipv4_address : ""));
    out.set("IPPrefixLen", number(bridge ? bridge->ipv4_prefix : 0));
    out.set("GlobalIPv6Address", text(bridge ? bridge->ipv6_address : ""));
    out.set("MacAddress", text(bridge ? bridge->mac_address : ""));
    Node& networks = out.set("Networks", Node::map());
    for (const engine::Endpoint& endpoint : container.endpoints) networks.set(endpoint.network, endpoint_of(endpoint));
    return out;
}

Node pool_of(const engine::IpamPool& pool) {
    Node out = Node::map();
    if (!pool.subnet.empty()) out.set("Subnet", text(pool.subnet));
    if (!pool.ip_range.empty()) out.set("IPRange", text(pool.ip_range));
    if (!pool.gateway.empty()) out.set("Gateway", text(pool.gateway));
    if (!pool.aux_addresses.empty()) out.set("AuxiliaryAddresses", mapping(pool.aux_addresses));
    return out;
}

Node layers_of(const engine::Image& image) {
    Node out = Node::map();
    out.set("Type", text("layers"));
    out.set("Layers", Node::texts(image.layers));
    return out;
}

Node image_config_of(const engine::Image& image) {
    Node config = Node::map();
    if (!image.user.empty()) config.set("User", text(image.user));
    if (!image.exposed_ports.empty()) config.set("ExposedPorts", empty_sets(image.exposed_ports));
    config.set("Env", Node::texts(image.env));
    config.set("Cmd", texts_or_null(image.command));
    if (image.health_check) config.set("Healthcheck", health_body(*image.health_check, newest_api));
    if (!image.volumes.empty()) config.set("Volumes", empty_sets(image.volumes));
    config.set("WorkingDir", text(image.working_dir));
    config.set("Entrypoint", texts_or_null(image.entrypoint));
    config.set("Labels", image.labels.empty() ? Node() : mapping(image.labels));
    if (!image.stop_signal.empty()) config.set("StopSignal", text(image.stop_signal));
    if (!image.shell.empty()) config.set("Shell", Node::texts(image.shell));
    return config;
}

}  // namespace

Node inspect_body(const engine::Image& image) {
    Node out = Node::map();
    out.set("Id", text(image.id));
    out.set("RepoTags", Node::texts(image.tags));
    out.set("RepoDigests", Node::texts(image.digests));
    out.set("Comment", text(image.comment));
    out.set("Created", text(base::to_rfc3339(image.created)));
    out.set("Config", image_config_of(image));
    out.set("Architecture", text(image.architecture));
    if (!image.variant.empty()) out.set("Variant", text(image.variant));
    out.set("Os", text(image.os));
    out.set("Author", text(image.author));
    out.set("Size", number(image.size));
    out.set("RootFS", layers_of(image));
    Node& metadata = out.set("Metadata", Node::map());
    metadata.set("LastTagTime", text(base::to_rfc3339(image.last_tagged)));
    return out;
}

Node inspect_body(const engine::Container& container) {
    const Node created = create_body(container.spec, newest_api);
    Node out = Node::map();
    out.set("Id", text(container.id));
    out.set("Created", time(container.created));
    out.set("Path", text(container.path));
    out.set("Args", Node::texts(container.args));
    out.set("State", state_of(container));
    out.set("Image", text(container.image_id));
    out.set("ResolvConfPath", text(container.resolv_conf_path));
    out.set("HostnamePath", text(container.hostname_path));
    out.set("HostsPath", text(container.hosts_path));
    out.set("LogPath", text(container.log_path));
    out.set("Name", text(cat("/", container.name)));
    out.set("RestartCount", number(container.restart_count));
    out.set("Driver", text(container.driver));
    out.set("Platform", text(container.platform));
    out.set("HostConfig", host_config_of(container.spec, created));
    Node& driver = out.set("GraphDriver", Node::map());
    driver.set("Name", text(container.driver));
    driver.set("Data", mapping(container.graph_data));
    if (container.size_rw >= 0) out.set("SizeRw", number(container.size_rw));
    if (container.size_root >= 0) out.set("SizeRootFs", number(container.size_root));
    out.set("Mounts", mounts_of(container.mounts));
    out.set("Config", config_of(container.spec, created));
    out.set("NetworkSettings", network_settings_of(container));
    return out;
}

Node inspect_body(const engine::Network& network) {
    Node out = Node::map();
    out.set("Name", text(network.name));
    out.set("Id", text(network.id));
    out.set("Created", time(network.created));
    out.set("Scope", text(network.scope));
    out.set("Driver", text(network.driver.empty() ? "bridge" : network.driver));
    out.set("EnableIPv4", flag(network.enable_ipv4.value_or(true)));
    out.set("EnableIPv6", flag(network.enable_ipv6.value_or(false)));
    Node& ipam = out.set("IPAM", Node::map());
    ipam.set("Driver", text(network.ipam_driver.empty() ? "default" : network.ipam_driver));
    ipam.set("Options", network.ipam_options.empty() ? Node() : mapping(network.ipam_options));
    Node& pools = ipam.set("Config", Node::list());
    for (const engine::IpamPool& pool : network.ipam) pools.push(pool_of(pool));
    out.set("Internal", flag(network.internal));
    out.set("Attachable", flag(network.attachable));
    out.set("Ingress", flag(network.ingress));
    out.set("ConfigFrom", Node::map()).set("Network", text(""));
    out.set("ConfigOnly", flag(false));
    Node& members = out.set("Containers", Node::map());
    for (const auto& member : network.members) {
        Node& row = members.set(member.container_id, Node::map());
        row.set("Name", text(member.container_name));
        row.set("EndpointID", text(member.endpoint_id));
        row.set("MacAddress", text(member.mac_address));
        row.set("IPv4Address", text(member.ipv4_address));
        row.set("IPv6Address", text(member.ipv6_address));
    }
    out.set("Options", mapping(network.driver_opts));
    out.set("Labels", mapping(network.labels));
    return out;
}

Node inspect_body(const engine::Volume& volume) {
    Node out = Node::map();
    out.set("CreatedAt", time(volume.created));
    out.set("Driver", text(volume.driver.empty() ? "local" : volume.driver));
    out.set("Labels", volume.labels.empty() ? Node() : mapping(volume.labels));
    out.set("Mountpoint", text(volume.mountpoint));
    out.set("Name", text(volume.name));
    out.set("Options", volume.driver_opts.empty() ? Node() : mapping(volume.driver_opts));
    out.set("Scope", text(volume.scope));
    if (volume.size >= 0 || volume.users >= 0) {
        Node& usage = out.set("UsageData", Node::map());
        usage.set("RefCount", number(volume.users));
        usage.set("Size", number(volume.size));
    }
    return out;
}

}  // namespace tutti::docker::wire
