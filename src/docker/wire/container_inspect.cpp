#include "base/text.h"
#include "docker/wire/container_create.h"
#include "docker/wire/containers.h"
#include "docker/wire/mounts.h"
#include "docker/wire/nodes.h"

namespace tutti::docker::wire {

using doc::Node;

namespace {

const Node& section(const Node& parent, std::string_view key) {
    static const Node none = Node::map();
    const Node* found = parent.find(key);
    return found && found->is_map() ? *found : none;
}

engine::RestartPolicy restart_from(const Node& policy) {
    using Kind = engine::RestartPolicy::Kind;
    engine::RestartPolicy out;
    const std::string name = policy.text_or("Name");
    if (name == "always") out.kind = Kind::always;
    if (name == "on-failure") out.kind = Kind::on_failure;
    if (name == "unless-stopped") out.kind = Kind::unless_stopped;
    out.max_retries = static_cast<int>(policy.int_or("MaximumRetryCount"));
    return out;
}

std::vector<engine::PortSpec> ports_from(const Node& bindings) {
    std::vector<engine::PortSpec> out;
    for (const auto& entry : bindings.entries()) {
        const auto slash = entry.key.find('/');
        const auto port = base::to_int(std::string_view(entry.key).substr(0, slash));
        if (!port || !entry.value.is_list()) continue;
        for (const Node& binding : entry.value.items()) {
            out.push_back({.host_ip = binding.text_or("HostIp"),
                           .host_port = binding.text_or("HostPort"),
                           .container_port = static_cast<std::uint16_t>(*port),
                           .protocol = slash == std::string::npos ? "tcp" : entry.key.substr(slash + 1)});
        }
    }
    return out;
}

std::vector<engine::DeviceRate> rates_from(const Node& host, std::string_view key, std::string_view rate) {
    std::vector<engine::DeviceRate> out;
    if (const Node* devices = host.find(key); devices && devices->is_list())
        for (const Node& device : devices->items())
            out.push_back({device.text_or("Path"), static_cast<std::uint64_t>(device.int_or(rate))});
    return out;
}

engine::Resources resources_from(const Node& host) {
    engine::Resources r;
    r.nano_cpus = host.int_or("NanoCpus");
    r.cpu_shares = host.int_or("CpuShares");
    r.cpu_quota = host.int_or("CpuQuota");
    r.cpu_period = host.int_or("CpuPeriod");
    r.cpu_rt_period = host.int_or("CpuRealtimePeriod");
    r.cpu_rt_runtime = host.int_or("CpuRealtimeRuntime");
    r.cpuset_cpus = host.text_or("CpusetCpus");
    r.cpuset_mems = host.text_or("CpusetMems");
    r.memory = host.int_or("Memory");
    r.memory_reservation = host.int_or("MemoryReservation");
    r.memory_swap = host.int_or("MemorySwap");
    if (const Node* value = host.find("MemorySwappiness"); value && value->is_int())
        r.memory_swappiness = value->as_int();
    if (const Node* value = host.find("PidsLimit"); value && value->is_int()) r.pids_limit = value->as_int();
    r.oom_kill_disable = host.bool_or("OomKillDisable");
    r.blkio_weight = static_cast<std::uint16_t>(host.int_or("BlkioWeight"));
    r.blkio_weight_device = rates_from(host, "BlkioWeightDevice", "Weight");
    r.blkio_read_bps = rates_from(host, "BlkioDeviceReadBps", "Rate");
    r.blkio_write_bps = rates_from(host, "BlkioDeviceWriteBps", "Rate");
    r.blkio_read_iops = rates_from(host, "BlkioDeviceReadIOps", "Rate");
    r.blkio_write_iops = rates_from(host, "BlkioDeviceWriteIOps", "Rate");
    if (const Node* ulimits = host.find("Ulimits"); ulimits && ulimits->is_list())
        for (const Node& limit : ulimits->items())
            r.ulimits.push_back({limit.text_or("Name"), limit.int_or("Soft"), limit.int_or("Hard")});
    return r;
}

void read_devices(engine::ContainerSpec& spec, const Node& host) {
    if (const Node* devices = host.find("Devices"); devices && devices->is_list())
        for (const Node& device : devices->items())
            spec.devices.push_back(
                {device.text_or("PathOnHost"), device.text_or("PathInContainer"), device.text_or("CgroupPermissions")});
    const Node* requests = host.find("DeviceRequests");
    if (!requests || !requests->is_list()) return;
    for (const Node& request : requests->items()) {
        engine::DeviceRequest out;
        out.driver = request.text_or("Driver");
        out.count = request.int_or("Count");
        out.device_ids = request.texts_or_empty("DeviceIDs");
        out.options = options_from(request.find("Options"));
        if (const Node* groups = request.find("Capabilities"); groups && groups->is_list()) {
            for (const Node& group : groups->items()) {
                auto& names = out.capabilities.emplace_back();
                if (!group.is_list()) continue;
                for (const Node& name : group.items())
                    if (name.is_text()) names.push_back(name.as_text());
            }
        }
        spec.device_requests.push_back(std::move(out));
    }
}

void read_config(engine::ContainerSpec& spec, const Node& config) {
    spec.image = config.text_or("Image");
    if (const Node* value = config.find("Entrypoint"); value && value->is_list())
        spec.entrypoint = config.texts_or_empty("Entrypoint");
    if (const Node* value = config.find("Cmd"); value && value->is_list()) spec.command = config.texts_or_empty("Cmd");
    spec.env = config.texts_or_empty("Env");
    spec.user = config.text_or("User");
    spec.working_dir = config.text_or("WorkingDir");
    spec.hostname = config.text_or("Hostname");
    spec.domain_name = config.text_or("Domainname");
    spec.stop_signal = config.text_or("StopSignal");
    if (const Node* value = config.find("StopTimeout"); value && value->is_int())
        spec.stop_timeout = static_cast<int>(value->as_int());
    spec.tty = config.bool_or("Tty");
    spec.open_stdin = config.bool_or("OpenStdin");
    spec.stdin_once = config.bool_or("StdinOnce");
    spec.attach_stdin = config.bool_or("AttachStdin");
    spec.attach_stdout = config.bool_or("AttachStdout");
    spec.attach_stderr = config.bool_or("AttachStderr");
    spec.labels = options_from(config.find("Labels"));
    if (const Node* check = config.find("Healthcheck"); check && check->is_map())
        spec.health_check = health_from(*check);
    spec.exposed_ports = keys_from(config.find("ExposedPorts"));
    spec.mac_address = config.text_or("MacAddress");
}

void read_host_config(engine::ContainerSpec& spec, const Node& host) {
    spec.resources = resources_from(host);
    spec.restart = restart_from(section(host, "RestartPolicy"));
    spec.auto_remove = host.bool_or("AutoRemove");
    spec.privileged = host.bool_or("Privileged");
    spec.read_only = host.bool_or("ReadonlyRootfs");
    spec.publish_all = host.bool_or("PublishAllPorts");
    if (const Node* init = host.find("Init"); init && init->is_bool()) spec.init = init->as_bool();
    spec.annotations = options_from(host.find("Annotations"));
    spec.ports = ports_from(section(host, "PortBindings"));
    spec.mounts = mounts_from(host);
    spec.volumes_from = host.texts_or_empty("VolumesFrom");
    spec.volume_driver = host.text_or("VolumeDriver");
    spec.shm_size = host.int_or("ShmSize");
    spec.storage_opt = options_from(host.find("StorageOpt"));
    spec.network_mode = host.text_or("NetworkMode");
    spec.cgroup_mode = host.text_or("CgroupnsMode");
    spec.cgroup_parent = host.text_or("CgroupParent");
    spec.ipc_mode = host.text_or("IpcMode");
    spec.pid_mode = host.text_or("PidMode");
    spec.uts_mode = host.text_or("UTSMode");
    spec.userns_mode = host.text_or("UsernsMode");
    spec.runtime = host.text_or("Runtime");
    spec.isolation = host.text_or("Isolation");
    spec.dns = host.texts_or_empty("Dns");
    spec.dns_search = host.texts_or_empty("DnsSearch");
    spec.dns_options = host.texts_or_empty("DnsOptions");
    spec.extra_hosts = host.texts_or_empty("ExtraHosts");
    spec.links = host.texts_or_empty("Links");
    spec.cap_add = host.texts_or_empty("CapAdd");
    spec.cap_drop = host.texts_or_empty("CapDrop");
    spec.security_opt = host.texts_or_empty("SecurityOpt");
    spec.group_add = host.texts_or_empty("GroupAdd");
    spec.device_cgroup_rules = host.texts_or_empty("DeviceCgroupRules");
    read_devices(spec, host);
    spec.sysctls = options_from(host.find("Sysctls"));
    spec.oom_score_adj = static_cast<int>(host.int_or("OomScoreAdj"));
    spec.log_driver = section(host, "LogConfig").text_or("Type");
    spec.log_options = options_from(section(host, "LogConfig").find("Config"));
}

engine::EndpointSpec endpoint_spec_from(const std::string& network, const Node& node) {
    engine::EndpointSpec out;
    out.network = network;
    out.aliases = node.texts_or_empty("Aliases");
    out.links = node.texts_or_empty("Links");
    out.driver_opts = options_from(node.find("DriverOpts"));
    const Node& ipam = section(node, "IPAMConfig");
    out.ipv4_address = ipam.text_or("IPv4Address");
    out.ipv6_address = ipam.text_or("IPv6Address");
    out.link_local_ips = ipam.texts_or_empty("LinkLocalIPs");
    out.gw_priority = static_cast<int>(node.int_or("GwPriority"));
    return out;
}

}  // namespace

engine::HealthCheck health_from(const Node& healthcheck) {
    const auto time = [&](std::string_view key) { return engine::Nanoseconds(healthcheck.int_or(key)); };
    return {.test = healthcheck.texts_or_empty("Test"),
            .interval = time("Interval"),
            .timeout = time("Timeout"),
            .start_period = time("StartPeriod"),
            .start_interval = time("StartInterval"),
            .retries = static_cast<int>(healthcheck.int_or("Retries"))};
}

engine::ContainerSpec spec_from_inspect(const Node& inspect) {
    engine::ContainerSpec spec;
    const std::string name = inspect.text_or("Name");
    spec.name = name.starts_with('/') ? name.substr(1) : name;
    read_config(spec, section(inspect, "Config"));
    read_host_config(spec, section(inspect, "HostConfig"));
    for (const auto& entry : section(section(inspect, "NetworkSettings"), "Networks").entries())
        spec.endpoints.push_back(endpoint_spec_from(entry.key, entry.value));
    return spec;
}

}  // namespace tutti::docker::wire
