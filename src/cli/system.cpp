// system info, df, prune, events, version: the engine as a whole.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/docker_words.h"
#include "cli/go_template.h"
#include "cli/image_names.h"
#include "cli/progress_frame.h"
#include "cli/single.h"
#include "cli/table.h"
#include "cli/target.h"
#include "cli/when.h"
#include "doc/json.h"

namespace tutti::cli {

namespace {

using base::cat;
using doc::Node;

std::string size_text(std::int64_t bytes) { return short_size(static_cast<double>(bytes)); }

// A document by --format, or as the text that people read.
int print_document(const Arguments& arguments, Session& session, const Node& document, const std::string& text) {
    const std::string format = arguments.text("format");
    if (format.empty())
        session.out(text);
    else if (format == "json")
        session.out(doc::write_json(document, {.escape_html = false}) + "\n");
    else
        session.out(GoTemplate(format).run(document) + "\n");
    return 0;
}

Node info_node(const engine::EngineInfo& info) {
    Node out = Node::map();
    const auto text = [&](std::string_view key, const std::string& value) { out.set(key, Node(value)); };
    const auto number = [&](std::string_view key, std::int64_t value) { out.set(key, Node(value)); };
    number("Containers", info.containers);
    number("ContainersRunning", info.running);
    number("ContainersPaused", info.paused);
    number("ContainersStopped", info.stopped);
    number("Images", info.images);
    text("Driver", info.storage_driver);
    text("CgroupVersion", info.cgroup_version);
    text("KernelVersion", info.kernel);
    text("OperatingSystem", info.os);
    text("OSType", info.os);
    text("Architecture", info.architecture);
    number("NCPU", info.cpus);
    number("MemTotal", info.memory);
    text("DockerRootDir", info.root_dir);
    text("Name", info.name);
    text("ServerVersion", info.version);
    text("DefaultRuntime", info.default_runtime);
    Node& runtimes = out.set("Runtimes", Node::map());
    for (const std::string& name : info.runtimes) runtimes.set(name, Node::map());
    out.set("SecurityOptions", Node::texts(info.security_options));
    out.set("Warnings", info.warnings.empty() ? Node() : Node::texts(info.warnings));
    return out;
}

std::string info_text(const engine::EngineInfo& info, const Session& session) {
    std::string out = cat("Client:\n Version:    ", session.version, "\n\nServer:\n Engine: ", info.name,
                          "\n Containers: ", info.containers, "\n  Running: ", info.running,
                          "\n  Paused: ", info.paused, "\n  Stopped: ", info.stopped, "\n Images: ", info.images,
                          "\n Server Version: ", info.version, "\n Storage Driver: ", info.storage_driver,
                          "\n Cgroup Version: ", info.cgroup_version, "\n Runtimes: ", base::join(info.runtimes, " "),
                          "\n Default Runtime: ", info.default_runtime, "\n Security Options:\n");
    for (const std::string& option : info.security_options) out += cat("  ", option, "\n");
    constexpr double gibibyte = 1 << 30;
    char memory[32];
    std::snprintf(memory, sizeof memory, "%.4gGiB", static_cast<double>(info.memory) / gibibyte);
    out += cat(" Kernel Version: ", info.kernel, "\n OSType: ", info.os, "\n Architecture: ", info.architecture,
               "\n CPUs: ", info.cpus, "\n Total Memory: ", memory, "\n Root Dir: ", info.root_dir, "\n");
    for (const std::string& warning : info.warnings) out += cat(warning, "\n");
    return out;
}

int info(const Arguments& arguments, Session& session) {
    const engine::EngineInfo info = session.engine().system().info();
    return print_document(arguments, session, info_node(info), info_text(info, session));
}

int version(const Arguments& arguments, Session& session) {
    const engine::EngineInfo info = session.engine().system().info();
    Node document = Node::map();
    Node& client = document.set("Client", Node::map());
    client.set("Version", Node(docker_speaks));
    client.set("TuttiVersion", Node(session.version));
    client.set("Os", Node(info.os));
    client.set("Arch", Node(info.architecture));
    Node& server = document.set("Server", Node::map());
    server.set("Name", Node(info.name));
    server.set("Version", Node(info.version));
    server.set("ApiVersion", Node(info.api_version));
    server.set("Os", Node(info.os));
    server.set("Arch", Node(info.architecture));
    server.set("KernelVersion", Node(info.kernel));
    return print_document(
        arguments, session, document,
        cat("Client: tutti ", session.version, "\n Version:           ", docker_speaks,
            " (the Docker whose words it follows)\n OS/Arch:           ", info.os, "/", info.architecture,
            "\n\nServer: ", info.name, "\n Engine:\n  Version:          ", info.version,
            info.api_version.empty() ? std::string() : cat("\n  API version:      ", info.api_version),
            "\n  OS/Arch:          ", info.os, "/", info.architecture, "\n"));
}

// One line of df: how many there are, how many are in use, their bytes, and those that nobody uses.
struct Usage {
    std::string type;
    std::size_t total = 0, active = 0;
    std::int64_t size = 0, reclaimable = 0;
};

struct DiskUse {
    std::vector<engine::ImageSummary> images;
    std::vector<engine::ContainerSummary> containers;
    std::vector<engine::Volume> volumes;
    std::map<std::string, int> users_of_images, users_of_volumes;
};

DiskUse disk_use(engine::Engine& engine) {
    DiskUse out;
    engine::ListOptions all;
    all.all = all.size = true;
    out.containers = engine.containers().list(all);
    out.images = engine.images().list();
    out.volumes = engine.volumes().list();
    for (engine::Volume& volume : out.volumes) volume.size = volume_size(volume);
    for (const engine::ContainerSummary& container : out.containers) ++out.users_of_images[container.image_id];
    out.users_of_volumes = users_of_volumes(engine);
    return out;
}

std::vector<Usage> usages(const DiskUse& use) {
    std::vector<Usage> out = {{"Images"}, {"Containers"}, {"Local Volumes"}};
    const auto count = [](Usage& usage, bool active, std::int64_t bytes) {
        ++usage.total;
        if (active) ++usage.active;
        usage.size += bytes;
        if (!active) usage.reclaimable += bytes;
    };
    for (const engine::ImageSummary& one : use.images) count(out[0], use.users_of_images.contains(one.id), one.size);
    for (const engine::ContainerSummary& one : use.containers) {
        using State = engine::ContainerState;
        const bool active = one.state == State::running || one.state == State::paused || one.state == State::restarting;
        count(out[1], active, std::max(one.size_rw, std::int64_t{0}));
    }
    for (const engine::Volume& one : use.volumes) count(out[2], use.users_of_volumes.contains(one.name), one.size);
    return out;
}

std::string df_verbose(const DiskUse& use) {
    std::vector<std::vector<std::string>> images, containers, volumes;
    for (const engine::ImageSummary& one : use.images) {
        const NameParts name = one.tags.empty() ? NameParts{"<none>", "<none>"} : split_name(one.tags[0]);
        const auto users = use.users_of_images.find(one.id);
        images.push_back({name.repository, name.tag, short_id(one.id), ago(one.created), size_text(one.size),
                          std::to_string(users == use.users_of_images.end() ? 0 : users->second)});
    }
    for (const engine::ContainerSummary& one : use.containers)
        containers.push_back({one.id.substr(0, 12), one.image, ellipsis(one.command, 20), size_text(one.size_rw),
                              ago(one.created), std::string(to_text(one.state)), one.name});
    for (const engine::Volume& one : use.volumes) {
        const auto users = use.users_of_volumes.find(one.name);
        volumes.push_back(
            {one.name, std::to_string(users == use.users_of_volumes.end() ? 0 : users->second), size_text(one.size)});
    }
    return cat("Images space usage:\n\n",
               plain_table({"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "CONTAINERS"}, images, 10),
               "\nContainers space usage:\n\n",
               plain_table({"CONTAINER ID", "IMAGE", "COMMAND", "SIZE", "CREATED", "STATUS", "NAMES"}, containers, 10),
               "\nLocal Volumes space usage:\n\n", plain_table({"VOLUME NAME", "LINKS", "SIZE"}, volumes, 10));
}

int df(const Arguments& arguments, Session& session) {
    const DiskUse use = disk_use(session.engine());
    if (arguments.on("verbose")) {
        session.out(df_verbose(use));
        return 0;
    }
    std::vector<Node> rows;
    for (const Usage& one : usages(use)) {
        const auto percent = one.size == 0 ? 0 : one.reclaimable * 100 / one.size;
        Node row = Node::map();
        row.set("Active", Node(std::to_string(one.active)));
        row.set("Reclaimable",
                Node(one.size == 0 ? size_text(0) : cat(size_text(one.reclaimable), " (", percent, "%)")));
        row.set("Size", Node(size_text(one.size)));
        row.set("TotalCount", Node(std::to_string(one.total)));
        row.set("Type", Node(one.type));
        rows.push_back(std::move(row));
    }
    print_rows(session, arguments.text("format"),
               "table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
               {{"Type", "TYPE"},
                {"TotalCount", "TOTAL"},
                {"Active", "ACTIVE"},
                {"Size", "SIZE"},
                {"Reclaimable", "RECLAIMABLE"}},
               rows);
    return 0;
}

std::string prune_warning(bool all, bool volumes, const std::vector<Filter>& filters) {
    std::string out =
        "This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n";
    if (volumes) out += "  - all anonymous volumes not used by at least one container\n";
    out += all ? "  - all images without at least one container associated to them\n" : "  - all dangling images\n";
    out += "  - unused build cache\n";
    if (!filters.empty()) {
        out += "\n  Items to be pruned will be filtered with:\n";
        for (const Filter& filter : filters) out += cat("  - ", filter.key, "=", filter.value, "\n");
    }
    return out;
}

void list_pruned(Session& session, std::string_view title, const std::vector<std::string>& names,
                 std::string_view prefix = "") {
    if (names.empty()) return;
    session.out(cat("Deleted ", title, ":\n"));
    for (const std::string& name : names) session.out(cat(prefix, name, "\n"));
    session.out("\n");
}

PruneReport prune_images(engine::Engine& engine, bool all, const std::vector<Filter>& filters, bool dry_run) {
    std::map<std::string, std::int64_t> sizes;
    for (const engine::ImageSummary& one : engine.images().list()) sizes[one.id] = one.size;
    engine::LabelFilter labels;
    for (const Filter& filter : filters)
        if (filter.key == "label") labels.push_back(filter.value);
    PruneReport report;
    if (!dry_run) report.names = engine.images().prune(all, labels);
    for (const std::string& id : report.names)
        if (const auto size = sizes.find(id); size != sizes.end()) report.bytes += size->second;
    return report;
}

int prune(const Arguments& arguments, Session& session) {
    constexpr std::string_view known[] = {"label", "label!", "until"};
    const std::vector<Filter> filters = read_filters(arguments, known);
    const bool all = arguments.on("all"), volumes = arguments.on("volumes"), dry_run = arguments.on("dry-run");
    const bool by_time = std::ranges::any_of(filters, [](const Filter& one) { return one.key != "label"; });
    if (volumes && by_time)
        throw base::Error(base::ErrorKind::invalid, "ERROR: The \"until\" filter is not supported with \"--volumes\"");
    if (!dry_run && !confirmed(arguments, session, prune_warning(all, volumes, filters))) return 0;
    engine::Engine& engine = session.engine();
    const PruneReport containers = prune_containers(engine, filters, dry_run);
    list_pruned(session, "Containers", containers.names);
    list_pruned(session, "Networks", prune_networks(engine, filters, dry_run));
    std::int64_t bytes = containers.bytes;
    if (volumes) {
        const PruneReport report = prune_volumes(engine, filters, false, dry_run);
        list_pruned(session, "Volumes", report.names);
        bytes += report.bytes;
    }
    // An engine does not tell when an image came into use: by time none is taken.
    if (!by_time) {
        const PruneReport report = prune_images(engine, all, filters, dry_run);
        list_pruned(session, "Images", report.names, "deleted: ");
        bytes += report.bytes;
    }
    session.out(cat("Total reclaimed space: ", size_text(bytes), "\n"));
    return 0;
}

Node event_node(const engine::Event& event) {
    Node out = Node::map();
    out.set("Type", Node(event.type));
    out.set("Action", Node(event.action));
    out.set("status", Node(event.action));
    out.set("id", Node(event.id));
    Node& actor = out.set("Actor", Node::map());
    actor.set("ID", Node(event.id));
    Node& attributes = actor.set("Attributes", Node::map());
    for (const auto& [key, value] : event.attributes) attributes.set(key, Node(value));
    out.set("scope", Node("local"));
    const auto since = event.time.time_since_epoch();
    out.set("time", Node(std::int64_t{std::chrono::duration_cast<std::chrono::seconds>(since).count()}));
    out.set("timeNano", Node(std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()}));
    return out;
}

std::string event_text(const engine::Event& event) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : event.attributes) pairs.push_back(cat(key, "=", value));
    return cat(base::to_rfc3339(event.time), " ", event.type, " ", event.action, " ", event.id, " (",
               base::join(pairs, ", "), ")\n");
}

bool accepted(const engine::Event& event, const std::vector<Filter>& filters) {
    const auto attribute = [&](const char* key) {
        const auto found = event.attributes.find(key);
        return found == event.attributes.end() ? std::string() : found->second;
    };
    const auto is = [&](std::string_view key, std::string_view type, const std::string& name) {
        return any_accepts(filters, key, [&](const std::string& value) {
            return event.type == type && (event.id.starts_with(value) || name == value);
        });
    };
    return any_accepts(filters, "type", [&](const std::string& value) { return event.type == value; }) &&
           any_accepts(filters, "event",
                       [&](const std::string& value) {
                           return event.action == value || event.action.starts_with(value + ":");
                       }) &&
           is("container", "container", attribute("name")) && is("network", "network", attribute("name")) &&
           is("volume", "volume", event.id) && any_accepts(filters, "image", [&](const std::string& value) {
               return (event.type == "image" && event.id == value) || attribute("image") == value;
           });
}

int events(const Arguments& arguments, Session& session) {
    constexpr std::string_view known[] = {"container", "event", "image", "label", "network", "type", "volume"};
    const std::vector<Filter> filters = read_filters(arguments, known);
    engine::EventOptions options;
    options.since = parse_when(arguments.text("since"));
    options.until = parse_when(arguments.text("until"));
    for (const Filter& filter : filters)
        if (filter.key == "label") options.labels.push_back(filter.value);
    const std::string format = arguments.text("format");
    const GoTemplate wanted(format == "json" ? "{{json .}}" : format);
    session.engine().system().events(
        options,
        [&](const engine::Event& event) {
            if (!accepted(event, filters)) return;
            session.out(format.empty() ? event_text(event) : wanted.run(event_node(event)) + "\n");
        },
        session.scope.cancel());
    return 0;
}

constexpr Flag document_flags[] = {
    {.name = "format", .letter = 'f', .kind = FlagKind::text, .help = inspect_format_help},
};
constexpr Flag df_flags[] = {
    {.name = "format", .kind = FlagKind::text, .help = format_help},
    {.name = "verbose", .letter = 'v', .help = "Show detailed information on space usage"},
};
constexpr Flag prune_flags[] = {
    {.name = "all", .letter = 'a', .help = "Remove all unused images not just dangling ones"},
    {.name = "filter",
     .kind = FlagKind::texts,
     .help = "Only things with label=KEY[=VALUE], or older than until=24h",
     .type = "filter"},
    {.name = "force", .letter = 'f', .help = "Do not prompt for confirmation"},
    {.name = "volumes", .help = "Prune anonymous volumes"},
};
constexpr Flag events_flags[] = {
    {.name = "filter",
     .letter = 'f',
     .kind = FlagKind::texts,
     .help = "Filter output: container, event, image, label, network, type, volume",
     .type = "filter"},
    {.name = "format", .kind = FlagKind::text, .help = inspect_format_help},
    {.name = "since", .kind = FlagKind::text, .help = "Show all events created since timestamp"},
    {.name = "until", .kind = FlagKind::text, .help = "Stream events until this timestamp"},
};

}  // namespace

constinit const Command system_info_command{
    .name = "system info",
    .usage = "system info [OPTIONS]",
    .help = "Display system-wide information",
    .flags = document_flags,
    .run = info,
    .most = 0,
    .reads_project = false,
    .docker = "info",
};
constinit const Command system_version_command{
    .name = "system version",
    .usage = "system version [OPTIONS]",
    .help = "Show the versions of this program and of the engine",
    .flags = document_flags,
    .run = version,
    .most = 0,
    .reads_project = false,
    .docker = "version",
};
constinit const Command system_df_command{
    .name = "system df",
    .usage = "system df [OPTIONS]",
    .help = "Show disk usage",
    .flags = df_flags,
    .run = df,
    .most = 0,
    .reads_project = false,
};
constinit const Command system_prune_command{
    .name = "system prune",
    .usage = "system prune [OPTIONS]",
    .help = "Remove unused data",
    .flags = prune_flags,
    .run = prune,
    .most = 0,
    .reads_project = false,
};
constinit const Command system_events_command{
    .name = "system events",
    .usage = "system events [OPTIONS]",
    .help = "Get real time events from the engine",
    .flags = events_flags,
    .run = events,
    .most = 0,
    .reads_project = false,
    .docker = "events",
};

}  // namespace tutti::cli
