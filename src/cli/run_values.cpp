#include "cli/run_values.h"

#include <algorithm>
#include <cctype>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/single.h"
#include "cli/target.h"
#include "model/short_form.h"

namespace tutti::cli {

using base::cat;
using engine::MountSpec;

namespace {

[[noreturn]] void fault(std::string_view flag, const std::string& text, std::string_view why, std::string hint = {}) {
    throw base::Error(base::ErrorKind::invalid, cat("invalid argument \"", text, "\" for \"--", flag, "\" flag: ", why),
                      std::move(hint));
}

std::int64_t number(std::string_view flag, const std::string& text) {
    const auto value = base::to_int(text);
    if (!value) fault(flag, text, "a whole number is expected");
    return *value;
}

}  // namespace

std::int64_t parse_bytes_flag(std::string_view flag, const std::string& text) {
    if (text.empty()) return 0;
    const auto bytes = base::parse_bytes(text);
    if (!bytes) fault(flag, text, cat("invalid size: '", text, "'"), "a number with b, k, m or g: 512m");
    return bytes->count;
}

std::vector<std::string> csv_fields(const std::string& text) {
    std::vector<std::string> out(1);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
            out.back().push_back('"');
            ++i;
        } else if (c == '"' && (quoted || out.back().empty())) {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            out.emplace_back();
        } else {
            out.back().push_back(c);
        }
    }
    return out;
}

std::vector<std::string> env_file_lines(const std::string& content,
                                        const std::map<std::string, std::string>& environment) {
    std::vector<std::string> out;
    for (std::string_view line : base::split(content, '\n')) {
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front()))) line.remove_prefix(1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        const std::string name(line.substr(0, line.find('=')));
        if (name.empty()) throw base::Error(base::ErrorKind::invalid, cat("no variable name on line '", line, "'"));
        if (std::ranges::any_of(name, [](unsigned char c) { return std::isspace(c); }))
            throw base::Error(base::ErrorKind::invalid, cat("variable '", name, "' contains whitespaces"));
        if (line.size() > name.size())
            out.emplace_back(line);
        else if (const auto known = environment.find(name); known != environment.end())
            out.push_back(cat(name, "=", known->second));
    }
    return out;
}

MountSpec parse_volume_flag(const std::string& text, const Place& place) {
    const auto parsed = model::parse_mount(text);
    if (!parsed) fault("volume", text, parsed.fault);
    const model::Mount& mount = parsed.value;
    MountSpec out;
    out.target = mount.target;
    out.read_only = mount.read_only;
    out.consistency = mount.consistency;
    if (!out.target.starts_with('/'))
        fault("volume", text, cat("invalid mount path: '", out.target, "' mount path must be absolute"));
    if (mount.type == "bind") {
        out.type = MountSpec::Type::bind;
        out.source = place(mount.source);
        out.create_host_path = true;
        if (mount.bind) {
            out.propagation = mount.bind->propagation;
            out.recursive = mount.bind->recursive;
            out.selinux = mount.bind->selinux;
        }
    } else {
        out.source = mount.source;
        if (mount.volume) out.no_copy = mount.volume->nocopy;
    }
    return out;
}

namespace {

bool flag_value(std::string_view key, const std::string& value, const std::string& whole) {
    if (value.empty() || value == "true" || value == "1") return true;
    if (value == "false" || value == "0") return false;
    fault("mount", whole, cat("invalid value for ", key, ": ", value, ": true or false"));
}

MountSpec::Type mount_type(const std::string& value, const std::string& whole) {
    if (value == "bind") return MountSpec::Type::bind;
    if (value == "volume") return MountSpec::Type::volume;
    if (value == "tmpfs") return MountSpec::Type::tmpfs;
    if (value == "image") return MountSpec::Type::image;
    fault("mount", whole, cat("invalid mount type '", value, "'"), "bind, volume, tmpfs or image");
}

// One KEY[=VALUE] of --mount.
void set_mount_field(MountSpec& out, const std::string& key, const std::string& value, const std::string& whole) {
    if (key == "type")
        out.type = mount_type(value, whole);
    else if (key == "source" || key == "src")
        out.source = value;
    else if (key == "target" || key == "dst" || key == "destination")
        out.target = value;
    else if (key == "readonly" || key == "ro")
        out.read_only = flag_value(key, value, whole);
    else if (key == "consistency")
        out.consistency = value;
    else if (key == "bind-propagation")
        out.propagation = value;
    else if (key == "bind-recursive")
        out.recursive = value;
    else if (key == "bind-create-src")
        out.create_host_path = flag_value(key, value, whole);
    else if (key == "volume-nocopy")
        out.no_copy = flag_value(key, value, whole);
    else if (key == "volume-label")
        out.volume_labels.insert(key_and_value(value));
    else if (key == "volume-driver")
        out.driver = value;
    else if (key == "volume-opt")
        out.driver_opts.insert(key_and_value(value));
    else if (key == "volume-subpath" || key == "image-subpath")
        out.subpath = value;
    else if (key == "tmpfs-size")
        out.tmpfs_size = parse_bytes_flag("mount", value);
    else if (key == "tmpfs-mode") {
        const auto mode = base::to_uint(value, 8);
        if (!mode) fault("mount", whole, cat("invalid value for tmpfs-mode: ", value));
        out.tmpfs_mode = static_cast<std::uint32_t>(*mode);
    } else
        fault("mount", whole, cat("unexpected key '", key, "' in '", key, value.empty() ? "" : "=", value, "'"));
}

}  // namespace

MountSpec parse_mount_flag(const std::string& text, const Place& place) {
    MountSpec out;
    for (const std::string& field : csv_fields(text)) {
        const auto [key, value] = key_and_value(field);
        set_mount_field(out, base::to_lower(base::trim(key)), value, text);
    }
    if (out.target.empty()) fault("mount", text, "target is required");
    if (!out.target.starts_with('/')) fault("mount", text, "the target must be an absolute path");
    if (out.type == MountSpec::Type::bind) {
        if (out.source.empty()) fault("mount", text, "source is required when specifying a bind mount");
        out.source = place(out.source);
    }
    return out;
}

MountSpec parse_tmpfs_flag(const std::string& text) {
    MountSpec out;
    out.type = MountSpec::Type::tmpfs;
    const auto colon = text.find(':');
    out.target = text.substr(0, colon);
    if (colon != std::string::npos) out.tmpfs_options = text.substr(colon + 1);
    if (!out.target.starts_with('/')) fault("tmpfs", text, "an absolute path is expected");
    return out;
}

std::vector<engine::PortSpec> parse_publish_flag(const std::string& text) {
    const auto parsed = model::parse_ports(text);
    if (!parsed) fault("publish", text, parsed.fault);
    std::vector<engine::PortSpec> out;
    for (const model::Port& port : parsed.value)
        out.push_back({port.host_ip, port.published, static_cast<std::uint16_t>(port.target),
                       port.protocol.empty() ? "tcp" : port.protocol});
    return out;
}

std::vector<std::string> parse_expose_flag(const std::string& text) {
    const auto slash = text.find('/');
    const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
    const auto range = base::split(std::string_view(text).substr(0, slash), '-');
    const auto first = base::to_uint(range.front()), last = base::to_uint(range.back());
    if (!first || !last || range.size() > 2 || *first > *last || *last > 65535)
        fault("expose", text, cat("invalid range format for --expose: ", text));
    std::vector<std::string> out;
    for (std::uint64_t port = *first; port <= *last; ++port) out.push_back(cat(port, "/", protocol));
    return out;
}

engine::EndpointSpec parse_network_flag(const std::string& text) {
    engine::EndpointSpec out;
    if (text.find('=') == std::string::npos) {
        out.network = text;
        return out;
    }
    for (const std::string& field : csv_fields(text)) {
        const auto [key, value] = key_and_value(field);
        if (key == "name")
            out.network = value;
        else if (key == "alias")
            out.aliases.push_back(value);
        else if (key == "ip")
            out.ipv4_address = value;
        else if (key == "ip6")
            out.ipv6_address = value;
        else if (key == "link-local-ip")
            out.link_local_ips.push_back(value);
        else if (key == "mac-address")
            out.mac_address = value;
        else if (key == "gw-priority")
            out.gw_priority = static_cast<int>(number("network", value));
        else if (key == "driver-opt")
            out.driver_opts.insert(key_and_value(value));
        else
            fault("network", text, cat("invalid field ", key));
    }
    if (out.network.empty()) fault("network", text, "network name is missing: name=NETWORK");
    return out;
}

engine::DeviceSpec parse_device_flag(const std::string& text) {
    const auto parts = base::split(text, ':');
    const auto is_mode = [](std::string_view word) {
        return !word.empty() && word.find_first_not_of("rwm") == std::string_view::npos;
    };
    engine::DeviceSpec out;
    if (parts.size() > 3 || parts[0].empty()) fault("device", text, cat("bad device specification: ", text));
    out.host_path = out.container_path = parts[0];
    if (parts.size() == 2 && is_mode(parts[1]))
        out.permissions = parts[1];
    else if (parts.size() > 1)
        out.container_path = parts[1];
    if (parts.size() == 3) {
        if (!is_mode(parts[2])) fault("device", text, cat("invalid device mode: ", parts[2]));
        out.permissions = parts[2];
    }
    if (!out.container_path.starts_with('/'))
        fault("device", text, cat(out.container_path, " is not an absolute path"));
    return out;
}

engine::DeviceRequest parse_gpus_flag(const std::string& text) {
    engine::DeviceRequest out;
    out.count = 1;
    const auto count = [&](const std::string& value) { out.count = value == "all" ? -1 : number("gpus", value); };
    for (const std::string& field : csv_fields(text)) {
        const auto [key, value] = key_and_value(field);
        if (field.find('=') == std::string::npos)
            count(field);
        else if (key == "count")
            count(value);
        else if (key == "driver")
            out.driver = value;
        else if (key == "device") {
            out.count = 0;
            for (const std::string_view id : base::split(value, ',')) out.device_ids.emplace_back(id);
        } else if (key == "capabilities") {
            auto& group = out.capabilities.emplace_back();
            for (const std::string_view one : base::split(value, ',')) group.emplace_back(one);
            group.emplace_back("gpu");
        } else if (key == "options")
            for (const std::string& option : csv_fields(value)) out.options.insert(key_and_value(option));
        else
            fault("gpus", text, cat("unexpected key '", key, "' in '", field, "'"));
    }
    if (out.capabilities.empty()) out.capabilities = {{"gpu"}};
    return out;
}

engine::Ulimit parse_ulimit_flag(const std::string& text) {
    const auto [name, value] = key_and_value(text);
    const auto colon = value.find(':');
    engine::Ulimit out{name, number("ulimit", value.substr(0, colon)), 0};
    out.hard = colon == std::string::npos ? out.soft : number("ulimit", value.substr(colon + 1));
    if (out.hard != -1 && (out.soft > out.hard || out.soft == -1))
        fault("ulimit", text, "ulimit soft limit must be less than or equal to hard limit");
    return out;
}

engine::RestartPolicy parse_restart_flag(const std::string& text) {
    using Kind = engine::RestartPolicy::Kind;
    const auto colon = text.find(':');
    const std::string name = text.substr(0, colon);
    engine::RestartPolicy out;
    if (name == "always")
        out.kind = Kind::always;
    else if (name == "on-failure")
        out.kind = Kind::on_failure;
    else if (name == "unless-stopped")
        out.kind = Kind::unless_stopped;
    else if (name != "no" && !name.empty())
        fault("restart", text, cat("unknown policy '", name, "'"), "no, always, on-failure[:TIMES] or unless-stopped");
    if (colon == std::string::npos) return out;
    if (out.kind != Kind::on_failure) fault("restart", text, "maximum retry count can only be used with 'on-failure'");
    out.max_retries = static_cast<int>(number("restart", text.substr(colon + 1)));
    return out;
}

namespace {

// "1.5" → 1,500,000,000.
std::int64_t nano_cpus(const std::string& text) {
    const auto dot = text.find('.');
    std::string fraction = dot == std::string::npos ? std::string() : text.substr(dot + 1);
    if (fraction.size() > 9) fault("cpus", text, "at most nine digits behind the point");
    fraction.resize(9, '0');
    const auto whole = base::to_uint(dot == 0 ? "0" : text.substr(0, dot)), part = base::to_uint(fraction);
    if (!whole || !part || *whole > 1000000) fault("cpus", text, "a number of CPUs, as 1.5");
    return static_cast<std::int64_t>(*whole * 1'000'000'000 + *part);
}

}  // namespace

void read_limits(const Arguments& arguments, engine::Resources& out) {
    const auto count = [&](std::string_view flag, std::int64_t& field) {
        if (arguments.given(flag)) field = arguments.number(flag);
    };
    const auto bytes = [&](std::string_view flag, std::int64_t& field) {
        if (arguments.given(flag)) field = parse_bytes_flag(flag, arguments.text(flag));
    };
    count("cpu-period", out.cpu_period);
    count("cpu-quota", out.cpu_quota);
    count("cpu-rt-period", out.cpu_rt_period);
    count("cpu-rt-runtime", out.cpu_rt_runtime);
    count("cpu-shares", out.cpu_shares);
    if (arguments.given("blkio-weight"))
        out.blkio_weight = static_cast<std::uint16_t>(arguments.number("blkio-weight"));
    if (arguments.given("cpus")) out.nano_cpus = nano_cpus(arguments.text("cpus"));
    if (arguments.given("cpuset-cpus")) out.cpuset_cpus = arguments.text("cpuset-cpus");
    if (arguments.given("cpuset-mems")) out.cpuset_mems = arguments.text("cpuset-mems");
    bytes("memory", out.memory);
    bytes("memory-reservation", out.memory_reservation);
    bytes("memory-swap", out.memory_swap);
    if (arguments.given("pids-limit")) out.pids_limit = arguments.number("pids-limit");
}

}  // namespace tutti::cli
