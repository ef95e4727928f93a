#include "cli/run_spec.h"

#include <algorithm>

#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/run_values.h"
#include "cli/single.h"

namespace tutti::cli {

using base::cat;
using base::Error;
using base::ErrorKind;
using engine::ContainerSpec;

namespace {

std::string read_user_file(const Session& session, const std::string& path) {
    return base::in_context(cat("open ", path), [&] { return session.files.read(session.place(path)); });
}

std::vector<std::string> lines_of_files(const Session& session, const std::vector<std::string>& paths) {
    std::vector<std::string> out;
    for (const std::string& path : paths)
        for (std::string& line : env_file_lines(read_user_file(session, path), session.environment))
            out.push_back(std::move(line));
    return out;
}

void refuse_flags(const Arguments& arguments) {
    const auto refuse = [&](std::string_view flag, std::string hint) {
        if (arguments.given(flag))
            throw Error(ErrorKind::unsupported, cat("--", flag, " is not supported"), std::move(hint));
    };
    refuse("kernel-memory", "the kernel no longer limits its own memory apart: --memory counts all");
    refuse("use-api-socket", "mount the socket by -v");
    if (!arguments.on("disable-content-trust"))
        throw Error(ErrorKind::unsupported, "--disable-content-trust=false is not supported",
                    "name the image by its digest: NAME@sha256:…");
}

void read_process(const Arguments& arguments, const Session& session, ContainerSpec& spec) {
    spec.name = arguments.text("name");
    spec.image = arguments.rest()[0];
    spec.platform = arguments.text("platform");
    if (spec.platform.empty()) spec.platform = session.variable("DOCKER_DEFAULT_PLATFORM");
    if (arguments.rest().size() > 1)
        spec.command = std::vector<std::string>(arguments.rest().begin() + 1, arguments.rest().end());
    if (arguments.given("entrypoint")) {
        const std::string entrypoint = arguments.text("entrypoint");
        spec.entrypoint = entrypoint.empty() ? std::vector<std::string>() : std::vector<std::string>{entrypoint};
    }
    spec.env = lines_of_files(session, arguments.texts("env-file"));
    for (const std::string& entry : arguments.texts("env")) {
        const auto known = session.environment.find(entry);
        if (entry.empty() || entry[0] == '=')
            throw Error(ErrorKind::invalid, cat("invalid environment variable: ", entry));
        spec.env.push_back(known == session.environment.end() ? entry : cat(entry, "=", known->second));
    }
    spec.user = arguments.text("user");
    spec.working_dir = arguments.text("workdir");
    spec.hostname = arguments.text("hostname");
    spec.domain_name = arguments.text("domainname");
    spec.stop_signal = arguments.text("stop-signal");
    if (arguments.given("stop-timeout")) spec.stop_timeout = static_cast<int>(arguments.number("stop-timeout"));
    spec.tty = arguments.on("tty");
    spec.open_stdin = arguments.on("interactive");
    if (arguments.given("init")) spec.init = arguments.on("init");
    spec.labels = keys_and_values(lines_of_files(session, arguments.texts("label-file")));
    for (const auto& [key, value] : keys_and_values(arguments.texts("label"))) spec.labels.insert_or_assign(key, value);
    spec.annotations = keys_and_values(arguments.texts("annotation"));
    spec.restart = parse_restart_flag(arguments.text("restart"));
    spec.auto_remove = arguments.on("rm");
    if (spec.auto_remove && spec.restart.kind != engine::RestartPolicy::Kind::no)
        throw Error(ErrorKind::invalid, "conflicting options: cannot specify both --restart and --rm");
    spec.log_driver = arguments.text("log-driver");
    spec.log_options = keys_and_values(arguments.texts("log-opt"));
    if (spec.log_driver == "none" && !spec.log_options.empty())
        throw Error(ErrorKind::invalid, "invalid logging opts for driver none");
}

engine::Nanoseconds duration(const Arguments& arguments, std::string_view flag) {
    const std::string text = arguments.text(flag);
    if (text.empty()) return engine::Nanoseconds(0);
    const auto value = base::parse_go_duration(text);
    if (!value)
        throw Error(
            ErrorKind::invalid,
            cat("invalid argument \"", text, "\" for \"--", flag, "\" flag: time: invalid duration \"", text, "\""),
            "as 30s or 1m30s");
    if (value->count() < 0) throw Error(ErrorKind::invalid, cat("--", flag, " cannot be negative"));
    return *value;
}

void read_health(const Arguments& arguments, ContainerSpec& spec) {
    engine::HealthCheck check;
    if (const std::string command = arguments.text("health-cmd"); !command.empty()) check.test = {"CMD-SHELL", command};
    check.interval = duration(arguments, "health-interval");
    check.timeout = duration(arguments, "health-timeout");
    check.start_period = duration(arguments, "health-start-period");
    check.start_interval = duration(arguments, "health-start-interval");
    check.retries = static_cast<int>(arguments.number("health-retries"));
    if (check.retries < 0) throw Error(ErrorKind::invalid, "--health-retries cannot be negative");
    if (arguments.on("no-healthcheck")) {
        if (check != engine::HealthCheck{})
            throw Error(ErrorKind::invalid, "--no-healthcheck conflicts with --health-* options");
        check.test = {"NONE"};
    }
    if (check != engine::HealthCheck{}) spec.health_check = check;
}

void read_storage(const Arguments& arguments, const Session& session, ContainerSpec& spec) {
    const Place place = [&](const std::string& path) { return session.place(path); };
    for (const std::string& text : arguments.texts("volume")) spec.mounts.push_back(parse_volume_flag(text, place));
    for (const std::string& text : arguments.texts("mount")) spec.mounts.push_back(parse_mount_flag(text, place));
    for (const std::string& text : arguments.texts("tmpfs")) spec.mounts.push_back(parse_tmpfs_flag(text));
    for (std::size_t i = 0; i < spec.mounts.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (spec.mounts[i].target == spec.mounts[j].target)
                throw Error(ErrorKind::invalid, cat("Duplicate mount point: ", spec.mounts[i].target));
    spec.volumes_from = arguments.texts("volumes-from");
    spec.read_only = arguments.on("read-only");
    spec.shm_size = parse_bytes_flag("shm-size", arguments.text("shm-size"));
    spec.storage_opt = keys_and_values(arguments.texts("storage-opt"));
    spec.volume_driver = arguments.text("volume-driver");
}

// --ip, --network-alias and the like belong to the first network.
void read_first_endpoint(const Arguments& arguments, engine::EndpointSpec& endpoint) {
    const auto set = [&](std::string_view flag, std::string& field) {
        if (!arguments.given(flag)) return;
        if (!field.empty())
            throw Error(ErrorKind::invalid,
                        cat("conflicting options: cannot specify both --", flag, " and per-network ", flag));
        field = arguments.text(flag);
    };
    set("ip", endpoint.ipv4_address);
    set("ip6", endpoint.ipv6_address);
    set("mac-address", endpoint.mac_address);
    for (const char* flag : {"network-alias", "net-alias"})
        for (std::string& alias : arguments.texts(flag)) endpoint.aliases.push_back(std::move(alias));
    for (std::string& ip : arguments.texts("link-local-ip")) endpoint.link_local_ips.push_back(std::move(ip));
}

bool is_mode(std::string_view network) {
    return network.empty() || network == "default" || network == "bridge" || network == "host" || network == "none" ||
           network.starts_with("container:");
}

void read_networks(const Arguments& arguments, ContainerSpec& spec) {
    std::vector<std::string> wanted = arguments.texts("network");
    for (std::string& more : arguments.texts("net")) wanted.push_back(std::move(more));
    if (wanted.empty()) wanted.emplace_back("default");
    engine::EndpointSpec first = parse_network_flag(wanted[0]);
    spec.network_mode = first.network == "default" ? std::string() : first.network;
    read_first_endpoint(arguments, first);
    std::vector<std::string> links;
    for (const std::string& link : arguments.texts("link"))
        links.push_back(link.find(':') == std::string::npos ? cat(link, ":", link) : link);
    if (is_mode(first.network)) {
        engine::EndpointSpec bare;
        bare.network = first.network;
        bare.mac_address = first.mac_address;
        if (first != bare)
            throw Error(
                ErrorKind::invalid,
                "network-scoped aliases and addresses are only supported for containers in user defined networks",
                "make one by 'network create' and name it with --network");
        spec.mac_address = first.mac_address;
        spec.links = links;
        if (wanted.size() > 1 && first.network != "bridge" && first.network != "default" && !first.network.empty())
            throw Error(ErrorKind::invalid,
                        cat("conflicting options: cannot attach both ", first.network, " and other networks"));
        if (wanted.size() > 1) {
            first = {};
            first.network = "bridge";
            spec.network_mode = "bridge";
            spec.endpoints.push_back(first);
        }
    } else {
        first.links = links;
        spec.endpoints.push_back(std::move(first));
    }
    for (std::size_t i = 1; i < wanted.size(); ++i) {
        spec.endpoints.push_back(parse_network_flag(wanted[i]));
        if (is_mode(spec.endpoints.back().network) && spec.endpoints.back().network != "bridge")
            throw Error(ErrorKind::invalid, cat("conflicting options: ", wanted[i], " stands alone"));
    }
    for (const std::string& text : arguments.texts("publish"))
        for (engine::PortSpec& port : parse_publish_flag(text)) {
            spec.exposed_ports.push_back(cat(port.container_port, "/", port.protocol));
            spec.ports.push_back(std::move(port));
        }
    for (const std::string& text : arguments.texts("expose"))
        for (std::string& port : parse_expose_flag(text)) spec.exposed_ports.push_back(std::move(port));
    std::ranges::sort(spec.exposed_ports);
    spec.exposed_ports.erase(std::ranges::unique(spec.exposed_ports).begin(), spec.exposed_ports.end());
    spec.publish_all = arguments.on("publish-all");
    spec.dns = arguments.texts("dns");
    spec.dns_search = arguments.texts("dns-search");
    spec.dns_options = arguments.texts("dns-option");
    for (std::string& more : arguments.texts("dns-opt")) spec.dns_options.push_back(std::move(more));
    for (const std::string& host : arguments.texts("add-host")) {
        const auto at = host.find_first_of(":=");
        if (at == std::string::npos || at == 0)
            throw Error(ErrorKind::invalid,
                        cat("invalid argument \"", host, "\" for \"--add-host\" flag: bad format for add-host"),
                        "as db:10.0.0.5");
        spec.extra_hosts.push_back(cat(host.substr(0, at), ":", host.substr(at + 1)));
    }
}

// "seccomp=FILE" carries the file's content; everything else stays as written.
std::string security_option(const Session& session, const std::string& option) {
    if (option == "no-new-privileges" || option == "systempaths=unconfined") return option;
    const auto separator = option.find('=') != std::string::npos ? option.find('=') : option.find(':');
    if (separator == std::string::npos)
        throw Error(ErrorKind::invalid, cat("Invalid --security-opt: \"", option, "\""));
    const std::string key = option.substr(0, separator), value = option.substr(separator + 1);
    if (key != "seccomp" || value == "unconfined" || value == "builtin") return option;
    return cat("seccomp=", read_user_file(session, value));
}

void read_rights(const Arguments& arguments, const Session& session, ContainerSpec& spec) {
    spec.privileged = arguments.on("privileged");
    spec.cap_add = arguments.texts("cap-add");
    spec.cap_drop = arguments.texts("cap-drop");
    for (const std::string& option : arguments.texts("security-opt"))
        spec.security_opt.push_back(security_option(session, option));
    spec.group_add = arguments.texts("group-add");
    spec.device_cgroup_rules = arguments.texts("device-cgroup-rule");
    for (const std::string& text : arguments.texts("device")) {
        // A CDI name, "vendor.com/class=device", is asked for as such.
        if (text.find('=') != std::string::npos && !text.starts_with('/')) {
            engine::DeviceRequest request;
            request.driver = "cdi";
            request.device_ids = {text};
            spec.device_requests.push_back(std::move(request));
        } else {
            spec.devices.push_back(parse_device_flag(text));
        }
    }
    if (const std::string gpus = arguments.text("gpus"); !gpus.empty())
        spec.device_requests.push_back(parse_gpus_flag(gpus));
    spec.sysctls = keys_and_values(arguments.texts("sysctl"));
    spec.cgroup_mode = arguments.text("cgroupns");
    spec.cgroup_parent = arguments.text("cgroup-parent");
    spec.ipc_mode = arguments.text("ipc");
    spec.pid_mode = arguments.text("pid");
    spec.uts_mode = arguments.text("uts");
    spec.userns_mode = arguments.text("userns");
    spec.runtime = arguments.text("runtime");
    spec.isolation = arguments.text("isolation");
}

std::vector<engine::DeviceRate> rates(const Arguments& arguments, std::string_view flag, bool in_bytes) {
    std::vector<engine::DeviceRate> out;
    for (const std::string& text : arguments.texts(flag)) {
        const auto colon = text.find(':');
        const std::string value = colon == std::string::npos ? std::string() : text.substr(colon + 1);
        const auto rate = in_bytes ? std::optional(parse_bytes_flag(flag, value)) : base::to_int(value);
        if (value.empty() || !rate || *rate < 0 || !text.starts_with('/'))
            throw Error(ErrorKind::invalid,
                        cat("invalid argument \"", text, "\" for \"--", flag, "\" flag: bad format"),
                        "as /dev/sda:1mb");
        out.push_back({text.substr(0, colon), static_cast<std::uint64_t>(*rate)});
    }
    return out;
}

void read_resources(const Arguments& arguments, ContainerSpec& spec) {
    engine::Resources& out = spec.resources;
    read_limits(arguments, out);
    if (arguments.given("memory-swappiness")) out.memory_swappiness = arguments.number("memory-swappiness");
    out.oom_kill_disable = arguments.on("oom-kill-disable");
    out.blkio_weight_device = rates(arguments, "blkio-weight-device", false);
    out.blkio_read_bps = rates(arguments, "device-read-bps", true);
    out.blkio_write_bps = rates(arguments, "device-write-bps", true);
    out.blkio_read_iops = rates(arguments, "device-read-iops", false);
    out.blkio_write_iops = rates(arguments, "device-write-iops", false);
    for (const std::string& text : arguments.texts("ulimit")) out.ulimits.push_back(parse_ulimit_flag(text));
    spec.oom_score_adj = static_cast<int>(arguments.number("oom-score-adj"));
}

}  // namespace

ContainerSpec container_spec(const Arguments& arguments, const Session& session) {
    refuse_flags(arguments);
    ContainerSpec spec;
    read_process(arguments, session, spec);
    read_health(arguments, spec);
    read_storage(arguments, session, spec);
    read_networks(arguments, spec);
    read_rights(arguments, session, spec);
    read_resources(arguments, spec);
    return spec;
}

}  // namespace tutti::cli
