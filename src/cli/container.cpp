// container ls, container inspect, inspect: which containers there are, in or outside projects, and all about one.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/container_rows.h"
#include "cli/image_names.h"
#include "cli/single.h"
#include "cli/up.h"
#include "docker/wire/inspect.h"

namespace tutti::cli {

namespace {

using base::cat;
using doc::Node;
using engine::ContainerSummary;

constexpr std::string_view known_filters[] = {"ancestor", "before",  "exited",  "expose", "health", "id",    "label",
                                              "name",     "network", "publish", "since",  "status", "volume"};

bool is_of_image(const ContainerSummary& container, const std::string& wanted) {
    const auto id = [](std::string_view text) { return text.starts_with("sha256:") ? text.substr(7) : text; };
    if (wanted.size() >= 4 && id(container.image_id).starts_with(id(wanted))) return true;
    const NameParts one = split_name(container.image), other = split_name(wanted);
    return !other.repository.empty() && one.repository == other.repository && one.tag == other.tag;
}

// "80", "80/tcp", "8000-8010/tcp".
struct Ports {
    std::uint64_t first = 0, last = 0;
    std::string protocol = "tcp";
    explicit Ports(const std::string& text) {
        const auto slash = text.find('/');
        if (slash != std::string::npos) protocol = text.substr(slash + 1);
        const auto range = base::split(std::string_view(text).substr(0, slash), '-');
        const auto from = base::to_uint(range.front()), to = base::to_uint(range.back());
        if (!from || !to) refuse(cat("invalid port in filter: ", text));
        first = *from;
        last = *to;
    }
    bool has(std::uint64_t port, std::string_view other) const {
        return port >= first && port <= last && protocol == other;
    }
};

bool names_mount(const ContainerSummary& container, const std::string& wanted) {
    return std::ranges::any_of(container.mounts, [&](const engine::MountPoint& mount) {
        return mount.name == wanted || mount.source == wanted || mount.destination == wanted;
    });
}

bool accepted(const ContainerSummary& container, const std::vector<Filter>& filters) {
    const auto any = [&](std::string_view key, const std::function<bool(const std::string&)>& accepts) {
        return any_accepts(filters, key, accepts);
    };
    return labels_accept(filters, container.labels) &&
           any("id", [&](const std::string& value) { return container.id.starts_with(value); }) &&
           any("name", [&](const std::string& value) { return matches_expression(value, container.name); }) &&
           any("status", [&](const std::string& value) { return to_text(container.state) == value; }) &&
           any("health",
               [&](const std::string& value) {
                   return container.health == engine::Health::none ? value == "none"
                                                                   : to_text(container.health) == value;
               }) &&
           any("exited",
               [&](const std::string& value) {
                   return container.state == engine::ContainerState::exited &&
                          base::to_int(value) == std::optional<std::int64_t>(container.exit_code);
               }) &&
           any("ancestor", [&](const std::string& value) { return is_of_image(container, value); }) &&
           any("volume", [&](const std::string& value) { return names_mount(container, value); }) &&
           any("network",
               [&](const std::string& value) {
                   return std::ranges::any_of(container.endpoints, [&](const engine::Endpoint& endpoint) {
                       return endpoint.network == value || (value.size() > 3 && endpoint.network_id.starts_with(value));
                   });
               }) &&
           any("publish",
               [&](const std::string& value) {
                   return std::ranges::any_of(container.ports, [&](const engine::PublishedPort& port) {
                       return port.host_port != 0 && Ports(value).has(port.host_port, port.protocol);
                   });
               }) &&
           any("expose", [&](const std::string& value) {
               return std::ranges::any_of(container.ports, [&](const engine::PublishedPort& port) {
                   return Ports(value).has(port.container_port, port.protocol);
               });
           });
}

void check_values(const std::vector<Filter>& filters) {
    constexpr std::string_view states[] = {"created", "running", "paused", "restarting", "removing", "exited", "dead"};
    for (const Filter& filter : filters)
        if (filter.key == "status" && std::ranges::find(states, filter.value) == std::end(states))
            refuse(cat("invalid filter 'status=", filter.value, "'"));
}

// Newest first, as docker lists them.
std::vector<ContainerSummary> wanted_containers(const Arguments& arguments, engine::Engine& engine) {
    const std::vector<Filter> filters = read_filters(arguments, known_filters);
    check_values(filters);
    const std::int64_t last = arguments.on("latest") ? 1 : arguments.number("last");
    const bool by_state =
        std::ranges::any_of(filters, [](const Filter& one) { return one.key == "status" || one.key == "exited"; });
    engine::ListOptions options;
    options.all = arguments.on("all") || last > 0 || by_state;
    options.size = arguments.on("size");
    std::vector<ContainerSummary> containers = engine.containers().list(options);
    std::ranges::stable_sort(containers, std::greater<>(), &ContainerSummary::created);
    for (const Filter& filter : filters) {
        if (filter.key != "before" && filter.key != "since") continue;
        const engine::Time pivot = engine.containers().inspect(filter.value).created;
        const bool before = filter.key == "before";
        std::erase_if(containers, [&](const ContainerSummary& one) {
            return before ? one.created >= pivot : one.created <= pivot;
        });
    }
    std::erase_if(containers, [&](const ContainerSummary& one) { return !accepted(one, filters); });
    if (last > 0 && containers.size() > static_cast<std::size_t>(last))
        containers.resize(static_cast<std::size_t>(last));
    return containers;
}

int list(const Arguments& arguments, Session& session) {
    const auto containers = wanted_containers(arguments, session.engine());
    const bool truncate = !arguments.on("no-trunc");
    if (arguments.on("quiet")) {
        for (const ContainerSummary& one : containers) session.out((truncate ? one.id.substr(0, 12) : one.id) + "\n");
        return 0;
    }
    std::vector<Node> rows;
    const engine::Time now = std::chrono::system_clock::now();
    for (const ContainerSummary& one : containers) {
        rows.push_back(container_row(one, truncate, now));
        if (truncate && one.image.starts_with("sha256:")) rows.back().set("Image", Node(short_id(one.image)));
    }
    print_rows(session, arguments.text("format"),
               cat("table "
                   "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
                   arguments.on("size") ? "\t{{.Size}}" : ""),
               container_titles(), rows, [&](std::size_t row) { return label_method(containers[row].labels); });
    return 0;
}

Node container_node(engine::Engine& engine, const std::string& name, bool with_size) {
    engine::Container container = engine.containers().inspect(name);
    if (with_size) {
        engine::ListOptions options;
        options.all = options.size = true;
        for (const ContainerSummary& one : engine.containers().list(options)) {
            if (one.id != container.id) continue;
            container.size_rw = one.size_rw;
            container.size_root = one.size_root;
        }
    }
    return docker::wire::inspect_body(container);
}

int inspect(const Arguments& arguments, Session& session) {
    return print_inspected(arguments, session, arguments.rest(), [&](const std::string& name) {
        return container_node(session.engine(), name, arguments.on("size"));
    });
}

// Whatever has that name: a container, an image, a network or a volume, in this order.
Node any_node(const Arguments& arguments, engine::Engine& engine, const std::string& name) {
    const std::string type = arguments.text("type");
    const auto wanted = [&](std::string_view one) { return type.empty() || type == one; };
    if (wanted("container")) try {
            return container_node(engine, name, arguments.on("size"));
        } catch (const base::Error& error) {  // it may be the name of something else
            if (error.kind() != base::ErrorKind::not_found || type == "container") throw;
        }
    if (wanted("image"))
        if (const auto image = engine.images().find(name)) return docker::wire::inspect_body(*image);
    if (wanted("network"))
        if (const auto network = engine.networks().find(name)) return docker::wire::inspect_body(*network);
    if (wanted("volume"))
        if (const auto volume = engine.volumes().find(name)) return docker::wire::inspect_body(*volume);
    throw base::Error(base::ErrorKind::not_found, cat("No such ", type.empty() ? "object" : type, ": ", name));
}

int inspect_any(const Arguments& arguments, Session& session) {
    constexpr std::string_view types[] = {"", "container", "image", "network", "volume"};
    const std::string type = arguments.text("type");
    if (std::ranges::find(types, type) == std::end(types))
        throw base::Error(base::ErrorKind::invalid, cat("\"", type, "\" is not a valid value for --type"),
                          "container, image, network or volume");
    return print_inspected(arguments, session, arguments.rest(),
                           [&](const std::string& name) { return any_node(arguments, session.engine(), name); });
}

constexpr Flag list_flags[] = {
    {.name = "all", .letter = 'a', .help = "Show all containers (default shows just running)"},
    {.name = "filter",
     .letter = 'f',
     .kind = FlagKind::texts,
     .help = "Filter output: ancestor, before, exited, expose, health, id, label, name, network, publish, since, "
             "status, volume",
     .type = "filter"},
    {.name = "format", .kind = FlagKind::text, .help = format_help},
    {.name = "last",
     .letter = 'n',
     .kind = FlagKind::integer,
     .help = "Show n last created containers (includes all states)",
     .fallback = "-1"},
    {.name = "latest", .letter = 'l', .help = "Show the latest created container (includes all states)"},
    {.name = "no-trunc", .help = "Don't truncate output"},
    {.name = "quiet", .letter = 'q', .help = "Only display container IDs"},
    {.name = "size", .letter = 's', .help = "Display total file sizes"},
};
constexpr Flag inspect_flags[] = {
    {.name = "format", .letter = 'f', .kind = FlagKind::text, .help = inspect_format_help},
    {.name = "size", .letter = 's', .help = "Display total file sizes"},
};
constexpr Flag inspect_any_flags[] = {
    {.name = "format", .letter = 'f', .kind = FlagKind::text, .help = inspect_format_help},
    {.name = "size", .letter = 's', .help = "Display total file sizes if the type is container"},
    {.name = "type", .kind = FlagKind::text, .help = "Only objects of this type: container, image, network, volume"},
};
constexpr std::string_view list_aliases[] = {"container list", "container ps"};

}  // namespace

constinit const Command container_ls_command{
    .name = "container ls",
    .usage = "container ls [OPTIONS]",
    .help = "List containers",
    .flags = list_flags,
    .run = list,
    .most = 0,
    .reads_project = false,
    .aliases = list_aliases,
    .docker = "ps",
};
constinit const Command container_inspect_command{
    .name = "container inspect",
    .usage = "container inspect [OPTIONS] CONTAINER [CONTAINER...]",
    .help = "Display detailed information on one or more containers",
    .flags = inspect_flags,
    .run = inspect,
    .least = 1,
    .reads_project = false,
};
constinit const Command inspect_command{
    .name = "inspect",
    .usage = "inspect [OPTIONS] NAME|ID [NAME|ID...]",
    .help = "Show all about containers, images, networks or volumes by name",
    .flags = inspect_any_flags,
    .run = inspect_any,
    .least = 1,
    .reads_project = false,
    .docker = "inspect",
};

}  // namespace tutti::cli
