#include "docker/wire/containers.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "docker/wire/container_create.h"
#include "docker/wire/mounts.h"
#include "docker/wire/nodes.h"

namespace tutti::docker::wire {

using doc::Node;

namespace {

engine::ContainerState state_from(std::string_view word) {
    using State = engine::ContainerState;
    for (const State state : {State::created, State::running, State::paused, State::restarting, State::removing,
                              State::exited, State::dead})
        if (word == engine::to_text(state)) return state;
    return State::dead;
}

engine::Health health_from_word(std::string_view word) {
    using engine::Health;
    for (const Health health : {Health::starting, Health::healthy, Health::unhealthy})
        if (word == engine::to_text(health)) return health;
    return Health::none;
}

// "Exited (137) 3 minutes ago", "Up 2 hours (health: starting)": before API 1.52 a row says these only in words.
void read_status_words(engine::ContainerSummary& out, std::string_view status) {
    const auto open = status.find('('), close = status.find(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
    std::string_view inside = status.substr(open + 1, close - open - 1);
    if (status.starts_with("Exited") || status.starts_with("Restarting")) {
        out.exit_code = static_cast<int>(base::to_int(inside).value_or(0));
        return;
    }
    if (inside.starts_with("health: ")) inside.remove_prefix(8);
    out.health = health_from_word(inside);
}

void sort_ports(std::vector<engine::PublishedPort>& ports) {
    std::ranges::sort(ports, [](const auto& a, const auto& b) {
        return std::tie(a.container_port, a.protocol, a.host_port, a.host_ip) <
               std::tie(b.container_port, b.protocol, b.host_port, b.host_ip);
    });
}

std::vector<engine::PublishedPort> ports_of_row(const Node* ports) {
    std::vector<engine::PublishedPort> out;
    if (!ports || !ports->is_list()) return out;
    for (const Node& port : ports->items()) {
        out.push_back({.host_ip = port.text_or("IP"),
                       .host_port = static_cast<std::uint16_t>(port.int_or("PublicPort")),
                       .container_port = static_cast<std::uint16_t>(port.int_or("PrivatePort")),
                       .protocol = port.text_or("Type")});
    }
    sort_ports(out);
    return out;
}

std::vector<engine::PublishedPort> ports_of_inspect(const Node* ports) {
    std::vector<engine::PublishedPort> out;
    if (!ports || !ports->is_map()) return out;
    for (const auto& entry : ports->entries()) {
        const auto slash = entry.key.find('/');
        const auto port = base::to_int(std::string_view(entry.key).substr(0, slash)).value_or(0);
        const std::string protocol = slash == std::string::npos ? "tcp" : entry.key.substr(slash + 1);
        if (!entry.value.is_list() || entry.value.size() == 0) {
            out.push_back({"", 0, static_cast<std::uint16_t>(port), protocol});
            continue;
        }
        for (const Node& binding : entry.value.items())
            out.push_back(
                {.host_ip = binding.text_or("HostIp"),
                 .host_port = static_cast<std::uint16_t>(base::to_int(binding.text_or("HostPort")).value_or(0)),
                 .container_port = static_cast<std::uint16_t>(port),
                 .protocol = protocol});
    }
    sort_ports(out);
    return out;
}

std::vector<engine::Endpoint> endpoints_from(const Node* networks) {
    std::vector<engine::Endpoint> out;
    if (!networks || !networks->is_map()) return out;
    for (const auto& entry : networks->entries()) out.push_back(endpoint_from(entry.key, entry.value));
    return out;
}

void read_state(engine::Container& out, const Node& state) {
    out.state = state_from(state.text_or("Status"));
    out.exit_code = static_cast<int>(state.int_or("ExitCode"));
    out.pid = static_cast<int>(state.int_or("Pid"));
    out.oom_killed = state.bool_or("OOMKilled");
    out.error = state.text_or("Error");
    out.started = time_from(state, "StartedAt");
    out.finished = time_from(state, "FinishedAt");
    const Node* health = state.find("Health");
    if (!health || !health->is_map()) return;
    out.health = health_from_word(health->text_or("Status"));
    out.failing_streak = static_cast<int>(health->int_or("FailingStreak"));
    const Node* log = health->find("Log");
    if (!log || !log->is_list()) return;
    for (const Node& probe : log->items())
        out.probes.push_back({.start = time_from(probe, "Start"),
                              .end = time_from(probe, "End"),
                              .exit_code = static_cast<int>(probe.int_or("ExitCode")),
                              .output = probe.text_or("Output")});
}

std::uint64_t sum_of(const Node* rows, std::string_view operation) {
    std::uint64_t sum = 0;
    if (!rows || !rows->is_list()) return 0;
    for (const Node& row : rows->items())
        if (base::to_lower(row.text_or("op")) == operation) sum += static_cast<std::uint64_t>(row.int_or("value"));
    return sum;
}

// Go's os.FileMode, as the API sends it, to st_mode.
std::uint32_t mode_from_go(std::uint32_t mode) {
    std::uint32_t out = mode & 0777;
    if (mode & (1U << 31))
        out |= S_IFDIR;
    else if (mode & (1U << 27))
        out |= S_IFLNK;
    else if (mode & (1U << 26))
        out |= mode & (1U << 21) ? S_IFCHR : S_IFBLK;
    else if (mode & (1U << 25))
        out |= S_IFIFO;
    else if (mode & (1U << 24))
        out |= S_IFSOCK;
    else
        out |= S_IFREG;
    if (mode & (1U << 23)) out |= S_ISUID;
    if (mode & (1U << 22)) out |= S_ISGID;
    if (mode & (1U << 20)) out |= S_ISVTX;
    return out;
}

}  // namespace

engine::Endpoint endpoint_from(const std::string& network, const Node& settings) {
    return {.network = network,
            .network_id = settings.text_or("NetworkID"),
            .endpoint_id = settings.text_or("EndpointID"),
            .ipv4_address = settings.text_or("IPAddress"),
            .ipv6_address = settings.text_or("GlobalIPv6Address"),
            .gateway = settings.text_or("Gateway"),
            .ipv6_gateway = settings.text_or("IPv6Gateway"),
            .mac_address = settings.text_or("MacAddress"),
            .interface_name = options_from(settings.find("DriverOpts"))["com.docker.network.endpoint.ifname"],
            .ipv4_prefix = static_cast<int>(settings.int_or("IPPrefixLen")),
            .ipv6_prefix = static_cast<int>(settings.int_or("GlobalIPv6PrefixLen")),
            .aliases = settings.texts_or_empty("Aliases"),
            .dns_names = settings.texts_or_empty("DNSNames")};
}

engine::ContainerSummary summary_from(const Node& row) {
    engine::ContainerSummary out;
    out.id = row.text_or("Id");
    // Links add names with a second slash; the own name has one.
    for (const auto& name : row.texts_or_empty("Names"))
        if (out.name.empty() || name.find('/', 1) == std::string::npos)
            out.name = name.starts_with('/') ? name.substr(1) : name;
    out.image = row.text_or("Image");
    out.image_id = row.text_or("ImageID");
    out.command = row.text_or("Command");
    out.created = time_from(row, "Created");
    out.state = state_from(row.text_or("State"));
    out.status = row.text_or("Status");
    read_status_words(out, out.status);
    if (const Node* health = row.find_path({"Health", "Status"}); health && health->is_text())
        out.health = health_from_word(health->as_text());
    out.labels = options_from(row.find("Labels"));
    out.ports = ports_of_row(row.find("Ports"));
    out.endpoints = endpoints_from(row.find_path({"NetworkSettings", "Networks"}));
    out.mounts = mount_points_from(row.find("Mounts"));
    if (const Node* mode = row.find_path({"HostConfig", "NetworkMode"}); mode && mode->is_text())
        out.network_mode = mode->as_text();
    out.size_rw = row.int_or("SizeRw", -1);
    out.size_root = row.int_or("SizeRootFs", -1);
    return out;
}

engine::Container container_from(const Node& inspect) {
    engine::Container out;
    out.spec = spec_from_inspect(inspect);
    out.id = inspect.text_or("Id");
    out.name = out.spec.name;
    out.image = out.spec.image;
    out.image_id = inspect.text_or("Image");
    out.path = inspect.text_or("Path");
    out.args = inspect.texts_or_empty("Args");
    out.command = out.path;
    for (const auto& arg : out.args) out.command += ' ' + arg;
    out.created = time_from(inspect, "Created");
    if (const Node* state = inspect.find("State"); state && state->is_map()) read_state(out, *state);
    out.labels = out.spec.labels;
    out.ports = ports_of_inspect(inspect.find_path({"NetworkSettings", "Ports"}));
    out.endpoints = endpoints_from(inspect.find_path({"NetworkSettings", "Networks"}));
    out.mounts = mount_points_from(inspect.find("Mounts"));
    out.network_mode = out.spec.network_mode;
    out.restart_count = static_cast<int>(inspect.int_or("RestartCount"));
    out.log_path = inspect.text_or("LogPath");
    out.hostname_path = inspect.text_or("HostnamePath");
    out.hosts_path = inspect.text_or("HostsPath");
    out.resolv_conf_path = inspect.text_or("ResolvConfPath");
    out.platform = inspect.text_or("Platform");
    out.driver = inspect.text_or("Driver");
    out.size_rw = inspect.int_or("SizeRw", -1);
    out.size_root = inspect.int_or("SizeRootFs", -1);
    if (const Node* data = inspect.find_path({"GraphDriver", "Data"})) out.graph_data = options_from(data);
    return out;
}

engine::Stats stats_from(const Node& stats) {
    const auto count = [&](std::initializer_list<std::string_view> path) -> std::uint64_t {
        const Node* node = stats.find_path(path);
        return node && node->is_number() ? static_cast<std::uint64_t>(node->as_real()) : 0;
    };
    engine::Stats out;
    out.read = time_from(stats, "read");
    out.cpu_total = count({"cpu_stats", "cpu_usage", "total_usage"});
    out.cpu_system = count({"cpu_stats", "system_cpu_usage"});
    out.online_cpus = static_cast<int>(count({"cpu_stats", "online_cpus"}));
    out.memory_usage = count({"memory_stats", "usage"});
    out.memory_limit = count({"memory_stats", "limit"});
    // What the kernel can give back at once: v1 says total_inactive_file, v2 inactive_file.
    const std::uint64_t v1 = count({"memory_stats", "stats", "total_inactive_file"});
    out.memory_cache = v1 != 0 ? v1 : count({"memory_stats", "stats", "inactive_file"});
    if (const Node* networks = stats.find("networks"); networks && networks->is_map()) {
        for (const auto& entry : networks->entries()) {
            out.network_rx += static_cast<std::uint64_t>(entry.value.int_or("rx_bytes"));
            out.network_tx += static_cast<std::uint64_t>(entry.value.int_or("tx_bytes"));
        }
    }
    const Node* rows = stats.find_path({"blkio_stats", "io_service_bytes_recursive"});
    out.block_read = sum_of(rows, "read");
    out.block_write = sum_of(rows, "write");
    out.pids = count({"pids_stats", "current"});
    return out;
}

engine::ProcessTable processes_from(const Node& top) {
    engine::ProcessTable out;
    out.titles = top.texts_or_empty("Titles");
    const Node* rows = top.find("Processes");
    if (!rows || !rows->is_list()) return out;
    for (const Node& row : rows->items()) {
        auto& columns = out.rows.emplace_back().columns;
        if (!row.is_list()) continue;
        for (const Node& column : row.items()) columns.push_back(column.is_text() ? column.as_text() : "");
    }
    return out;
}

Node exec_body(const engine::ExecSpec& spec) {
    Node body = Node::map();
    body.set("Cmd", Node::texts(spec.command));
    if (!spec.env.empty()) body.set("Env", Node::texts(spec.env));
    if (!spec.user.empty()) body.set("User", text(spec.user));
    if (!spec.working_dir.empty()) body.set("WorkingDir", text(spec.working_dir));
    body.set("Tty", flag(spec.tty));
    body.set("Privileged", flag(spec.privileged));
    body.set("AttachStdin", flag(spec.attach_stdin));
    body.set("AttachStdout", flag(!spec.detach));
    body.set("AttachStderr", flag(!spec.detach));
    if (spec.tty && spec.rows > 0) {
        Node& size = body.set("ConsoleSize", Node::list());
        size.push(number(spec.rows));
        size.push(number(spec.columns));
    }
    return body;
}

engine::Containers::PathStat path_stat_from(const Node& stat) {
    return {.name = stat.text_or("name"),
            .link_target = stat.text_or("linkTarget"),
            .size = stat.int_or("size"),
            .mode = mode_from_go(static_cast<std::uint32_t>(stat.int_or("mode"))),
            .modified = time_from(stat, "mtime")};
}

}  // namespace tutti::docker::wire
