#include "docker/wire/container_create.h"

#include "base/error.h"
#include "base/text.h"
#include "docker/wire/mounts.h"
#include "docker/wire/nodes.h"

namespace tutti::docker::wire {

using base::cat;
using doc::Node;
using engine::ContainerSpec;

namespace {

void need(int api_minor, int least, std::string_view what) {
    if (api_minor >= least) return;
    throw base::Error(base::ErrorKind::unsupported,
                      cat("the engine's API 1.", api_minor, " does not know ", what, "; it came with 1.", least),
                      "upgrade the engine or leave this attribute out");
}

void set_text(Node& object, std::string_view key, const std::string& value) {
    if (!value.empty()) object.set(key, text(value));
}

void set_texts(Node& object, std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty()) object.set(key, Node::texts(values));
}

void set_number(Node& object, std::string_view key, std::int64_t value) {
    if (value != 0) object.set(key, number(value));
}

Node devices_with_rate(const std::vector<engine::DeviceRate>& devices, std::string_view rate_key) {
    Node out = Node::list();
    for (const auto& device : devices) {
        Node& row = out.push(Node::map());
        row.set("Path", text(device.path));
        row.set(rate_key, number(static_cast<std::int64_t>(device.rate)));
    }
    return out;
}

std::string_view to_text(engine::RestartPolicy::Kind kind) {
    using Kind = engine::RestartPolicy::Kind;
    switch (kind) {
        case Kind::no: return "no";
        case Kind::always: return "always";
        case Kind::on_failure: return "on-failure";
        case Kind::unless_stopped: return "unless-stopped";
    }
    return "no";
}

Node restart_body(const engine::RestartPolicy& policy) {
    Node out = Node::map();
    out.set("Name", text(to_text(policy.kind)));
    out.set("MaximumRetryCount", number(policy.max_retries));
    return out;
}

Node port_bindings(const std::vector<engine::PortSpec>& ports) {
    Node out = Node::map();
    for (const auto& port : ports) {
        const std::string key = cat(port.container_port, '/', port.protocol);
        if (!out.find(key)) out.set(key, Node::list());
        Node& binding = out.find(key)->push(Node::map());
        binding.set("HostIp", text(port.host_ip));
        binding.set("HostPort", text(port.host_port));
    }
    return out;
}

Node device_requests(const std::vector<engine::DeviceRequest>& requests) {
    Node out = Node::list();
    for (const auto& request : requests) {
        Node& row = out.push(Node::map());
        row.set("Driver", text(request.driver));
        row.set("Count", number(request.count));
        set_texts(row, "DeviceIDs", request.device_ids);
        Node& all = row.set("Capabilities", Node::list());
        for (const auto& group : request.capabilities) all.push(Node::texts(group));
        row.set("Options", mapping(request.options));
    }
    return out;
}

void set_config(Node& body, const ContainerSpec& spec, int api_minor) {
    body.set("Image", text(spec.image));
    set_text(body, "Hostname", spec.hostname);
    set_text(body, "Domainname", spec.domain_name);
    set_text(body, "User", spec.user);
    set_text(body, "WorkingDir", spec.working_dir);
    set_text(body, "StopSignal", spec.stop_signal);
    if (spec.stop_timeout) body.set("StopTimeout", number(*spec.stop_timeout));
    // An empty list, unlike none, clears what the image says.
    if (spec.entrypoint) body.set("Entrypoint", Node::texts(*spec.entrypoint));
    if (spec.command) body.set("Cmd", Node::texts(*spec.command));
    set_texts(body, "Env", spec.env);
    body.set("Tty", flag(spec.tty));
    body.set("OpenStdin", flag(spec.open_stdin));
    body.set("StdinOnce", flag(spec.stdin_once));
    body.set("AttachStdin", flag(spec.attach_stdin));
    body.set("AttachStdout", flag(spec.attach_stdout));
    body.set("AttachStderr", flag(spec.attach_stderr));
    body.set("Labels", mapping(spec.labels));
    if (spec.health_check) body.set("Healthcheck", health_body(*spec.health_check, api_minor));
    std::vector<std::string> exposed = spec.exposed_ports;
    for (const auto& port : spec.ports) exposed.push_back(cat(port.container_port, '/', port.protocol));
    if (!exposed.empty()) body.set("ExposedPorts", empty_sets(exposed));
    // Before API 1.44 the address belongs to the container, since then to an endpoint.
    if (api_minor < 44) set_text(body, "MacAddress", spec.mac_address);
}

void set_modes(Node& host, const ContainerSpec& spec, int api_minor) {
    set_text(host, "NetworkMode", spec.network_mode);
    if (!spec.cgroup_mode.empty()) {
        need(api_minor, 41, "cgroup namespaces");
        host.set("CgroupnsMode", text(spec.cgroup_mode));
    }
    set_text(host, "CgroupParent", spec.cgroup_parent);
    set_text(host, "IpcMode", spec.ipc_mode);
    set_text(host, "PidMode", spec.pid_mode);
    set_text(host, "UTSMode", spec.uts_mode);
    set_text(host, "UsernsMode", spec.userns_mode);
    set_text(host, "Runtime", spec.runtime);
    set_text(host, "Isolation", spec.isolation);
}

Node host_config(const ContainerSpec& spec, int api_minor) {
    Node host = resources_body(spec.resources);
    set_modes(host, spec, api_minor);
    host.set("RestartPolicy", restart_body(spec.restart));
    host.set("AutoRemove", flag(spec.auto_remove));
    host.set("Privileged", flag(spec.privileged));
    host.set("ReadonlyRootfs", flag(spec.read_only));
    host.set("PublishAllPorts", flag(spec.publish_all));
    if (spec.init) host.set("Init", flag(*spec.init));
    if (!spec.annotations.empty()) {
        need(api_minor, 43, "annotations");
        host.set("Annotations", mapping(spec.annotations));
    }
    if (!spec.ports.empty()) host.set("PortBindings", port_bindings(spec.ports));
    set_mounts(host, spec.mounts, api_minor);
    set_texts(host, "VolumesFrom", spec.volumes_from);
    set_text(host, "VolumeDriver", spec.volume_driver);
    set_number(host, "ShmSize", spec.shm_size);
    if (!spec.storage_opt.empty()) host.set("StorageOpt", mapping(spec.storage_opt));
    set_texts(host, "Dns", spec.dns);
    set_texts(host, "DnsSearch", spec.dns_search);
    set_texts(host, "DnsOptions", spec.dns_options);
    set_texts(host, "ExtraHosts", spec.extra_hosts);
    set_texts(host, "Links", spec.links);
    set_texts(host, "CapAdd", spec.cap_add);
    set_texts(host, "CapDrop", spec.cap_drop);
    set_texts(host, "SecurityOpt", spec.security_opt);
    set_texts(host, "GroupAdd", spec.group_add);
    set_texts(host, "DeviceCgroupRules", spec.device_cgroup_rules);
    if (!spec.devices.empty()) {
        Node& devices = host.set("Devices", Node::list());
        for (const auto& device : spec.devices) {
            Node& row = devices.push(Node::map());
            row.set("PathOnHost", text(device.host_path));
            row.set("PathInContainer", text(device.container_path));
            row.set("CgroupPermissions", text(device.permissions));
        }
    }
    if (!spec.device_requests.empty()) host.set("DeviceRequests", device_requests(spec.device_requests));
    if (!spec.sysctls.empty()) host.set("Sysctls", mapping(spec.sysctls));
    set_number(host, "OomScoreAdj", spec.oom_score_adj);
    if (!spec.log_driver.empty() || !spec.log_options.empty()) {
        Node& log = host.set("LogConfig", Node::map());
        log.set("Type", text(spec.log_driver));
        log.set("Config", mapping(spec.log_options));
    }
    return host;
}

}  // namespace

Node health_body(const engine::HealthCheck& check, int api_minor) {
    Node out = Node::map();
    set_texts(out, "Test", check.test);
    set_number(out, "Interval", check.interval.count());
    set_number(out, "Timeout", check.timeout.count());
    set_number(out, "StartPeriod", check.start_period.count());
    set_number(out, "Retries", check.retries);
    if (check.start_interval.count() != 0) {
        need(api_minor, 44, "healthcheck start_interval");
        set_number(out, "StartInterval", check.start_interval.count());
    }
    return out;
}

Node endpoint_body(const engine::EndpointSpec& endpoint, int api_minor) {
    Node out = Node::map();
    set_texts(out, "Aliases", endpoint.aliases);
    set_texts(out, "Links", endpoint.links);
    engine::Options driver_opts = endpoint.driver_opts;
    if (!endpoint.interface_name.empty()) {
        need(api_minor, 49, "interface_name");
        driver_opts["com.docker.network.endpoint.ifname"] = endpoint.interface_name;
    }
    if (!driver_opts.empty()) out.set("DriverOpts", mapping(driver_opts));
    if (!endpoint.ipv4_address.empty() || !endpoint.ipv6_address.empty() || !endpoint.link_local_ips.empty()) {
        Node& ipam = out.set("IPAMConfig", Node::map());
        set_text(ipam, "IPv4Address", endpoint.ipv4_address);
        set_text(ipam, "IPv6Address", endpoint.ipv6_address);
        set_texts(ipam, "LinkLocalIPs", endpoint.link_local_ips);
    }
    if (!endpoint.mac_address.empty()) {
        need(api_minor, 44, "a MAC address per network");
        out.set("MacAddress", text(endpoint.mac_address));
    }
    if (endpoint.gw_priority != 0) {
        need(api_minor, 48, "gw_priority");
        out.set("GwPriority", number(endpoint.gw_priority));
    }
    return out;
}

Node resources_body(const engine::Resources& r) {
    Node out = Node::map();
    set_number(out, "NanoCpus", r.nano_cpus);
    set_number(out, "CpuShares", r.cpu_shares);
    set_number(out, "CpuQuota", r.cpu_quota);
    set_number(out, "CpuPeriod", r.cpu_period);
    set_number(out, "CpuRealtimePeriod", r.cpu_rt_period);
    set_number(out, "CpuRealtimeRuntime", r.cpu_rt_runtime);
    set_text(out, "CpusetCpus", r.cpuset_cpus);
    set_text(out, "CpusetMems", r.cpuset_mems);
    set_number(out, "Memory", r.memory);
    set_number(out, "MemoryReservation", r.memory_reservation);
    set_number(out, "MemorySwap", r.memory_swap);
    if (r.memory_swappiness) out.set("MemorySwappiness", number(*r.memory_swappiness));
    if (r.pids_limit) out.set("PidsLimit", number(*r.pids_limit));
    if (r.oom_kill_disable) out.set("OomKillDisable", flag(true));
    set_number(out, "BlkioWeight", r.blkio_weight);
    if (!r.blkio_weight_device.empty())
        out.set("BlkioWeightDevice", devices_with_rate(r.blkio_weight_device, "Weight"));
    const std::pair<const char*, const std::vector<engine::DeviceRate>*> rates[] = {
        {"BlkioDeviceReadBps", &r.blkio_read_bps},
        {"BlkioDeviceWriteBps", &r.blkio_write_bps},
        {"BlkioDeviceReadIOps", &r.blkio_read_iops},
        {"BlkioDeviceWriteIOps", &r.blkio_write_iops},
    };
    for (const auto& [key, devices] : rates)
        if (!devices->empty()) out.set(key, devices_with_rate(*devices, "Rate"));
    if (!r.ulimits.empty()) {
        Node& ulimits = out.set("Ulimits", Node::list());
        for (const auto& limit : r.ulimits) {
            Node& row = ulimits.push(Node::map());
            row.set("Name", text(limit.name));
            row.set("Soft", number(limit.soft));
            row.set("Hard", number(limit.hard));
        }
    }
    return out;
}

Node create_body(const ContainerSpec& spec, int api_minor) {
    Node body = Node::map();
    set_config(body, spec, api_minor);
    body.set("HostConfig", host_config(spec, api_minor));
    if (!spec.endpoints.empty()) {
        // Since API 1.44 all networks may be given at once; before, the others are connected after creation.
        const std::size_t count = api_minor >= 44 ? spec.endpoints.size() : 1;
        Node endpoints = Node::map();
        for (std::size_t i = 0; i < count; ++i) {
            engine::EndpointSpec endpoint = spec.endpoints[i];
            if (i == 0 && endpoint.mac_address.empty() && api_minor >= 44) endpoint.mac_address = spec.mac_address;
            endpoints.set(endpoint.network, endpoint_body(endpoint, api_minor));
        }
        body.set("NetworkingConfig", Node::map()).set("EndpointsConfig", std::move(endpoints));
    }
    return body;
}

}  // namespace tutti::docker::wire
