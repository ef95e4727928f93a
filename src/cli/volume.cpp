// volume ls, create, inspect, rm, prune: named volumes.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress_frame.h"
#include "cli/single.h"
#include "cli/table.h"
#include "cli/up.h"
#include "cli/volume_rows.h"
#include "docker/wire/inspect.h"
#include "os/tree_size.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;
using engine::Volume;

Volume required(engine::Engine& engine, const std::string& name) {
    auto volume = engine.volumes().find(name);
    if (!volume) throw Error(ErrorKind::not_found, cat("get ", name, ": no such volume"));
    return std::move(*volume);
}

int list(const Arguments& arguments, Session& session) {
    constexpr std::string_view known[] = {"dangling", "driver", "label", "name"};
    const std::vector<Filter> filters = read_filters(arguments, known);
    engine::Engine& engine = session.engine();
    const bool by_use = std::ranges::any_of(filters, [](const Filter& one) { return one.key == "dangling"; });
    const std::map<std::string, int> users = by_use ? users_of_volumes(engine) : std::map<std::string, int>();
    std::vector<Volume> volumes = engine.volumes().list();
    std::erase_if(volumes, [&](const Volume& one) {
        const auto any = [&](std::string_view key, const std::function<bool(const std::string&)>& accepts) {
            return any_accepts(filters, key, accepts);
        };
        return !(labels_accept(filters, one.labels) &&
                 any("name", [&](const std::string& value) { return one.name.find(value) != std::string::npos; }) &&
                 any("driver", [&](const std::string& value) { return one.driver == value; }) &&
                 any("dangling", [&](const std::string& value) { return is_true(value) != users.contains(one.name); }));
    });
    std::ranges::sort(volumes, {}, &Volume::name);
    if (arguments.on("quiet")) {
        for (const Volume& one : volumes) session.out(one.name + "\n");
        return 0;
    }
    std::vector<Node> rows;
    for (const Volume& one : volumes) rows.push_back(volume_row(one));
    print_rows(session, arguments.text("format"), "table {{.Driver}}\t{{.Name}}", volume_titles(), rows);
    return 0;
}

int inspect(const Arguments& arguments, Session& session) {
    return print_inspected(arguments, session, arguments.rest(), [&](const std::string& name) {
        return docker::wire::inspect_body(required(session.engine(), name));
    });
}

int create(const Arguments& arguments, Session& session) {
    engine::VolumeSpec spec;
    spec.name = arguments.text("name");
    if (!arguments.rest().empty()) {
        if (!spec.name.empty())
            throw Error(
                ErrorKind::invalid,
                "conflicting options: cannot specify a volume-name through both --name and as a positional arg");
        spec.name = arguments.rest()[0];
    }
    spec.driver = arguments.text("driver");
    spec.driver_opts = keys_and_values(arguments.texts("opt"));
    spec.labels = keys_and_values(arguments.texts("label"));
    if (arguments.on("dry-run"))
        session.out(cat("Would create volume ", spec.name, "\n"));
    else
        session.out(session.engine().volumes().create(spec) + "\n");
    return 0;
}

int remove(const Arguments& arguments, Session& session) {
    const bool force = arguments.on("force");
    return for_each_name(arguments.rest(), session, true, [&](const std::string& name) {
        if (!arguments.on("dry-run")) session.engine().volumes().remove(name, force);
    });
}

int prune(const Arguments& arguments, Session& session) {
    constexpr std::string_view known[] = {"all", "label", "label!"};
    std::vector<Filter> filters = read_filters(arguments, known);
    const bool all = arguments.on("all") || std::ranges::any_of(filters, [](const Filter& one) {
                         return one.key == "all" && is_true(one.value);
                     });
    const bool dry_run = arguments.on("dry-run");
    if (!dry_run && !confirmed(arguments, session,
                               all ? "This will remove all local volumes not used by at least one container."
                                   : "This will remove anonymous local volumes not used by at least one container."))
        return 0;
    const PruneReport report = prune_volumes(session.engine(), filters, all, dry_run);
    if (!report.names.empty()) session.out("Deleted Volumes:\n");
    for (const std::string& name : report.names) session.out(name + "\n");
    if (!report.names.empty()) session.out("\n");
    session.out(cat("Total reclaimed space: ", short_size(static_cast<double>(report.bytes)), "\n"));
    return 0;
}

constexpr Flag list_flags[] = {
    {.name = "filter",
     .letter = 'f',
     .kind = FlagKind::texts,
     .help = "Filter output: dangling, driver, label, name",
     .type = "filter"},
    {.name = "format", .kind = FlagKind::text, .help = format_help},
    {.name = "quiet", .letter = 'q', .help = "Only display volume names"},
};
constexpr Flag inspect_flags[] = {
    {.name = "format", .letter = 'f', .kind = FlagKind::text, .help = inspect_format_help},
};
constexpr Flag create_flags[] = {
    {.name = "driver",
     .letter = 'd',
     .kind = FlagKind::text,
     .help = "Specify volume driver name",
     .fallback = "local"},
    {.name = "label", .kind = FlagKind::texts, .help = "Set metadata for a volume", .type = "list"},
    {.name = "name", .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "opt", .letter = 'o', .kind = FlagKind::texts, .help = "Set driver specific options", .type = "map"},
};
constexpr Flag remove_flags[] = {
    {.name = "force", .letter = 'f', .help = "Do not error if the volume does not exist"},
};
constexpr Flag prune_flags[] = {
    {.name = "all", .letter = 'a', .help = "Remove all unused volumes, not just anonymous ones"},
    {.name = "filter", .kind = FlagKind::texts, .help = "Only volumes with label=KEY[=VALUE]", .type = "filter"},
    {.name = "force", .letter = 'f', .help = "Do not prompt for confirmation"},
};
constexpr std::string_view list_aliases[] = {"volume list"};
constexpr std::string_view remove_aliases[] = {"volume remove"};
constexpr const char* anonymous_label = "com.docker.volume.anonymous";

}  // namespace

std::map<std::string, int> users_of_volumes(engine::Engine& engine) {
    engine::ListOptions all;
    all.all = true;
    std::map<std::string, int> out;
    for (const engine::ContainerSummary& container : engine.containers().list(all))
        for (const engine::MountPoint& mount : container.mounts)
            if (!mount.name.empty()) ++out[mount.name];
    return out;
}

std::int64_t volume_size(const Volume& volume) {
    return volume.size >= 0 ? volume.size : os::tree_size(volume.mountpoint);
}

PruneReport prune_volumes(engine::Engine& engine, const std::vector<Filter>& filters, bool all, bool dry_run) {
    const std::map<std::string, int> users = users_of_volumes(engine);
    PruneReport report;
    for (const Volume& one : engine.volumes().list()) {
        if (users.contains(one.name) || (!all && !one.labels.contains(anonymous_label))) continue;
        const bool excluded = std::ranges::any_of(filters, [&](const Filter& filter) {
            return filter.key == "label!" && engine::matches(one.labels, {filter.value});
        });
        if (excluded || !labels_accept(filters, one.labels)) continue;
        const std::int64_t bytes = volume_size(one);
        try {
            if (!dry_run) engine.volumes().remove(one.name, false);
        } catch (const Error& error) {  // it was removed or came into use meanwhile
            if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::conflict) throw;
            continue;
        }
        report.names.push_back(one.name);
        report.bytes += bytes;
    }
    return report;
}

constinit const Command volume_ls_command{
    .name = "volume ls",
    .usage = "volume ls [OPTIONS]",
    .help = "List volumes",
    .flags = list_flags,
    .run = list,
    .most = 0,
    .reads_project = false,
    .aliases = list_aliases,
};
constinit const Command volume_inspect_command{
    .name = "volume inspect",
    .usage = "volume inspect [OPTIONS] VOLUME [VOLUME...]",
    .help = "Display detailed information on one or more volumes",
    .flags = inspect_flags,
    .run = inspect,
    .least = 1,
    .reads_project = false,
};
constinit const Command volume_create_command{
    .name = "volume create",
    .usage = "volume create [OPTIONS] [VOLUME]",
    .help = "Create a volume",
    .flags = create_flags,
    .run = create,
    .most = 1,
    .reads_project = false,
};
constinit const Command volume_rm_command{
    .name = "volume rm",
    .usage = "volume rm [OPTIONS] VOLUME [VOLUME...]",
    .help = "Remove one or more volumes",
    .flags = remove_flags,
    .run = remove,
    .least = 1,
    .reads_project = false,
    .aliases = remove_aliases,
};
constinit const Command volume_prune_command{
    .name = "volume prune",
    .usage = "volume prune [OPTIONS]",
    .help = "Remove unused local volumes",
    .flags = prune_flags,
    .run = prune,
    .most = 0,
    .reads_project = false,
};

}  // namespace tutti::cli
