#include "docker/wire/resources.h"

#include "base/error.h"
#include "base/text.h"
#include "docker/wire/container_create.h"
#include "docker/wire/nodes.h"

namespace tutti::docker::wire {

using base::cat;
using doc::Node;

namespace {

std::vector<std::string> real_names(std::vector<std::string> names) {
    std::erase_if(names, [](const std::string& name) { return name.starts_with("<none>"); });
    return names;
}

void read_image_config(engine::Image& out, const Node& config) {
    out.entrypoint = config.texts_or_empty("Entrypoint");
    out.command = config.texts_or_empty("Cmd");
    out.env = config.texts_or_empty("Env");
    out.shell = config.texts_or_empty("Shell");
    out.user = config.text_or("User");
    out.working_dir = config.text_or("WorkingDir");
    out.stop_signal = config.text_or("StopSignal");
    out.labels = options_from(config.find("Labels"));
    out.exposed_ports = keys_from(config.find("ExposedPorts"));
    out.volumes = keys_from(config.find("Volumes"));
    if (const Node* check = config.find("Healthcheck"); check && check->is_map())
        out.health_check = health_from(*check);
}

engine::Time time_from_nanoseconds(const Node& event) {
    const std::int64_t nano = event.int_or("timeNano");
    return nano != 0 ? engine::Time(std::chrono::nanoseconds(nano)) : time_from(event, "time");
}

}  // namespace

engine::ImageSummary image_summary_from(const Node& row) {
    return {.id = row.text_or("Id"),
            .tags = real_names(row.texts_or_empty("RepoTags")),
            .digests = real_names(row.texts_or_empty("RepoDigests")),
            .created = time_from(row, "Created"),
            .last_tagged = {},
            .size = row.int_or("Size"),
            .labels = options_from(row.find("Labels")),
            .os = row.text_or("Os"),
            .architecture = row.text_or("Architecture"),
            .variant = row.text_or("Variant")};
}

engine::Image image_from(const Node& inspect) {
    engine::Image out;
    static_cast<engine::ImageSummary&>(out) = image_summary_from(inspect);
    if (const Node* metadata = inspect.find("Metadata")) out.last_tagged = time_from(*metadata, "LastTagTime");
    out.author = inspect.text_or("Author");
    out.comment = inspect.text_or("Comment");
    if (const Node* config = inspect.find("Config"); config && config->is_map()) read_image_config(out, *config);
    if (const Node* root = inspect.find("RootFS")) out.layers = root->texts_or_empty("Layers");
    return out;
}

engine::HistoryRow history_row_from(const Node& row) {
    return {.id = row.text_or("Id"),
            .created_by = row.text_or("CreatedBy"),
            .comment = row.text_or("Comment"),
            .tags = row.texts_or_empty("Tags"),
            .created = time_from(row, "Created"),
            .size = row.int_or("Size")};
}

Node network_body(const engine::NetworkSpec& spec, int api_minor) {
    Node body = Node::map();
    body.set("Name", text(spec.name));
    body.set("CheckDuplicate", flag(true));  // engines before API 1.44 would make a second one of the name
    body.set("Driver", text(spec.driver.empty() ? "bridge" : spec.driver));
    body.set("Internal", flag(spec.internal));
    body.set("Attachable", flag(spec.attachable));
    body.set("Ingress", flag(spec.ingress));
    if (spec.enable_ipv4) {
        if (api_minor < 47 && !*spec.enable_ipv4)
            throw base::Error(base::ErrorKind::unsupported, cat("the engine's API 1.", api_minor,
                                                                " does not know networks without IPv4 (enable_ipv4)"));
        if (api_minor >= 47) body.set("EnableIPv4", flag(*spec.enable_ipv4));
    }
    if (spec.enable_ipv6) body.set("EnableIPv6", flag(*spec.enable_ipv6));
    body.set("Options", mapping(spec.driver_opts));
    body.set("Labels", mapping(spec.labels));
    if (!spec.ipam.empty() || !spec.ipam_driver.empty() || !spec.ipam_options.empty()) {
        Node& ipam = body.set("IPAM", Node::map());
        if (!spec.ipam_driver.empty()) ipam.set("Driver", text(spec.ipam_driver));
        if (!spec.ipam_options.empty()) ipam.set("Options", mapping(spec.ipam_options));
        Node& pools = ipam.set("Config", Node::list());
        for (const auto& pool : spec.ipam) {
            Node& row = pools.push(Node::map());
            if (!pool.subnet.empty()) row.set("Subnet", text(pool.subnet));
            if (!pool.ip_range.empty()) row.set("IPRange", text(pool.ip_range));
            if (!pool.gateway.empty()) row.set("Gateway", text(pool.gateway));
            if (!pool.aux_addresses.empty()) row.set("AuxiliaryAddresses", mapping(pool.aux_addresses));
        }
    }
    return body;
}

engine::Network network_from(const Node& network) {
    engine::Network out;
    out.name = network.text_or("Name");
    out.id = network.text_or("Id");
    out.scope = network.text_or("Scope", "local");
    out.driver = network.text_or("Driver");
    out.created = time_from(network, "Created");
    out.internal = network.bool_or("Internal");
    out.attachable = network.bool_or("Attachable");
    out.ingress = network.bool_or("Ingress");
    if (const Node* v4 = network.find("EnableIPv4"); v4 && v4->is_bool()) out.enable_ipv4 = v4->as_bool();
    if (const Node* v6 = network.find("EnableIPv6"); v6 && v6->is_bool()) out.enable_ipv6 = v6->as_bool();
    out.driver_opts = options_from(network.find("Options"));
    out.labels = options_from(network.find("Labels"));
    if (const Node* ipam = network.find("IPAM"); ipam && ipam->is_map()) {
        out.ipam_driver = ipam->text_or("Driver");
        out.ipam_options = options_from(ipam->find("Options"));
        if (const Node* pools = ipam->find("Config"); pools && pools->is_list())
            for (const Node& pool : pools->items())
                out.ipam.push_back({.subnet = pool.text_or("Subnet"),
                                    .ip_range = pool.text_or("IPRange"),
                                    .gateway = pool.text_or("Gateway"),
                                    .aux_addresses = options_from(pool.find("AuxiliaryAddresses"))});
    }
    if (const Node* members = network.find("Containers"); members && members->is_map())
        for (const auto& entry : members->entries())
            out.members.push_back({.container_id = entry.key,
                                   .container_name = entry.value.text_or("Name"),
                                   .endpoint_id = entry.value.text_or("EndpointID"),
                                   .mac_address = entry.value.text_or("MacAddress"),
                                   .ipv4_address = entry.value.text_or("IPv4Address"),
                                   .ipv6_address = entry.value.text_or("IPv6Address")});
    return out;
}

Node volume_body(const engine::VolumeSpec& spec) {
    Node body = Node::map();
    if (!spec.name.empty()) body.set("Name", text(spec.name));
    if (!spec.driver.empty()) body.set("Driver", text(spec.driver));
    if (!spec.driver_opts.empty()) body.set("DriverOpts", mapping(spec.driver_opts));
    if (!spec.labels.empty()) body.set("Labels", mapping(spec.labels));
    return body;
}

engine::Volume volume_from(const Node& volume) {
    engine::Volume out;
    out.name = volume.text_or("Name");
    out.driver = volume.text_or("Driver");
    out.driver_opts = options_from(volume.find("Options"));
    out.labels = options_from(volume.find("Labels"));
    out.mountpoint = volume.text_or("Mountpoint");
    out.scope = volume.text_or("Scope", "local");
    out.created = time_from(volume, "CreatedAt");
    if (const Node* usage = volume.find("UsageData"); usage && usage->is_map()) {
        out.size = usage->int_or("Size", -1);
        out.users = static_cast<int>(usage->int_or("RefCount", -1));
    }
    return out;
}

engine::Event event_from(const Node& event) {
    engine::Event out;
    out.time = time_from_nanoseconds(event);
    out.type = event.text_or("Type");
    out.action = event.text_or("Action");
    if (const Node* actor = event.find("Actor"); actor && actor->is_map()) {
        out.id = actor->text_or("ID");
        out.attributes = options_from(actor->find("Attributes"));
    }
    return out;
}

Node auth_config(const engine::Credentials& who) {
    Node out = Node::map();
    out.set("username", Node(who.username));
    out.set("password", Node(who.password));
    if (!who.identity_token.empty()) out.set("identitytoken", Node(who.identity_token));
    out.set("serveraddress", Node(who.server == "docker.io" ? "https://index.docker.io/v1/" : who.server));
    return out;
}

engine::EngineInfo info_from(const Node& info, const Node& version) {
    engine::EngineInfo out;
    // Podman answers the same calls; its components name it.
    out.name = "docker";
    if (const Node* components = version.find("Components"); components && components->is_list())
        for (const Node& component : components->items())
            if (component.text_or("Name") == "Podman Engine") out.name = "podman";
    out.version = version.text_or("Version", info.text_or("ServerVersion"));
    out.api_version = version.text_or("ApiVersion");
    out.os = info.text_or("OSType");
    out.architecture = info.text_or("Architecture");
    out.kernel = info.text_or("KernelVersion");
    out.root_dir = info.text_or("DockerRootDir");
    out.cgroup_version = info.text_or("CgroupVersion");
    out.storage_driver = info.text_or("Driver");
    out.default_runtime = info.text_or("DefaultRuntime");
    out.runtimes = keys_from(info.find("Runtimes"));
    out.warnings = info.texts_or_empty("Warnings");
    out.security_options = info.texts_or_empty("SecurityOptions");
    out.cpus = static_cast<int>(info.int_or("NCPU"));
    out.memory = info.int_or("MemTotal");
    out.containers = static_cast<int>(info.int_or("Containers"));
    out.running = static_cast<int>(info.int_or("ContainersRunning"));
    out.paused = static_cast<int>(info.int_or("ContainersPaused"));
    out.stopped = static_cast<int>(info.int_or("ContainersStopped"));
    out.images = static_cast<int>(info.int_or("Images"));
    return out;
}

StreamLine stream_line_from(const Node& line) {
    StreamLine out;
    out.id = line.text_or("id");
    out.status = line.text_or("status", line.text_or("stream"));
    out.error = line.text_or("error");
    if (const Node* detail = line.find("errorDetail"); detail && detail->is_map())
        out.error = detail->text_or("message", out.error);
    if (const Node* progress = line.find("progressDetail"); progress && progress->is_map()) {
        out.current = progress->int_or("current");
        out.total = progress->int_or("total");
    }
    return out;
}

}  // namespace tutti::docker::wire
