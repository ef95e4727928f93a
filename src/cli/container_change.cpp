// container start, stop, restart, kill, pause, unpause, rm, rename, wait, update, prune: containers by name.
#include <algorithm>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress_frame.h"
#include "cli/run_values.h"
#include "cli/single.h"
#include "cli/up.h"
#include "cli/when.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

// A change of each named container, or with --dry-run only the words.
int change_each(const Arguments& arguments, Session& session, std::string_view what,
                const std::function<void(engine::Containers&, const std::string&)>& work) {
    const bool dry_run = arguments.on("dry-run");
    return for_each_name(arguments.rest(), session, !dry_run, [&](const std::string& name) {
        if (!dry_run) return work(session.engine().containers(), name);
        session.out(cat("Would ", what, " ", session.engine().containers().inspect(name).name, "\n"));
    });
}

engine::StopOptions stop_options(const Arguments& arguments) {
    engine::StopOptions options;
    options.signal = arguments.text("signal");
    if (arguments.given("timeout"))
        options.timeout = std::chrono::seconds(arguments.number("timeout"));
    else if (arguments.given("time"))
        options.timeout = std::chrono::seconds(arguments.number("time"));
    return options;
}

int stop(const Arguments& arguments, Session& session) {
    const engine::StopOptions options = stop_options(arguments);
    return change_each(arguments, session, "stop", [&](engine::Containers& containers, const std::string& name) {
        containers.stop(name, options, session.scope.cancel());
    });
}

int restart(const Arguments& arguments, Session& session) {
    const engine::StopOptions options = stop_options(arguments);
    return change_each(arguments, session, "restart", [&](engine::Containers& containers, const std::string& name) {
        containers.restart(name, options, session.scope.cancel());
    });
}

int kill(const Arguments& arguments, Session& session) {
    const std::string signal = arguments.text("signal");
    return change_each(arguments, session, "kill",
                       [&](engine::Containers& containers, const std::string& name) { containers.kill(name, signal); });
}

int pause(const Arguments& arguments, Session& session) {
    return change_each(arguments, session, "pause",
                       [](engine::Containers& containers, const std::string& name) { containers.pause(name); });
}

int unpause(const Arguments& arguments, Session& session) {
    return change_each(arguments, session, "unpause",
                       [](engine::Containers& containers, const std::string& name) { containers.unpause(name); });
}

int remove(const Arguments& arguments, Session& session) {
    if (arguments.on("link"))
        throw Error(ErrorKind::unsupported, "container rm --link is not supported", "networks give containers names");
    const engine::RemoveOptions options{arguments.on("force"), arguments.on("volumes")};
    return change_each(arguments, session, "remove", [&](engine::Containers& containers, const std::string& name) {
        try {
            containers.remove(name, options);
        } catch (const Error& error) {  // gone is what -f wants
            if (error.kind() != ErrorKind::not_found || !options.force) throw;
        }
    });
}

int rename(const Arguments& arguments, Session& session) {
    if (!arguments.on("dry-run")) session.engine().containers().rename(arguments.rest()[0], arguments.rest()[1]);
    return 0;
}

int wait(const Arguments& arguments, Session& session) {
    return for_each_name(arguments.rest(), session, false, [&](const std::string& name) {
        const int code = session.engine().containers().wait(name, engine::WaitFor::not_running, session.scope.cancel());
        session.out(cat(code, "\n"));
    });
}

int update(const Arguments& arguments, Session& session) {
    std::optional<engine::RestartPolicy> restart;
    if (arguments.given("restart")) restart = parse_restart_flag(arguments.text("restart"));
    return change_each(arguments, session, "update", [&](engine::Containers& containers, const std::string& name) {
        engine::Resources resources = containers.inspect(name).spec.resources;
        read_limits(arguments, resources);
        containers.update(name, resources, restart);
    });
}

// What is over, or was never started; younger than `until` stays.
int prune(const Arguments& arguments, Session& session) {
    constexpr std::string_view known[] = {"label", "label!", "until"};
    const std::vector<Filter> filters = read_filters(arguments, known);
    if (!arguments.on("dry-run") && !confirmed(arguments, session, "This will remove all stopped containers."))
        return 0;
    const PruneReport report = prune_containers(session.engine(), filters, arguments.on("dry-run"));
    if (!report.names.empty()) session.out("Deleted Containers:\n");
    for (const std::string& id : report.names) session.out(id + "\n");
    if (!report.names.empty()) session.out("\n");
    session.out(cat("Total reclaimed space: ", short_size(static_cast<double>(report.bytes)), "\n"));
    return 0;
}

constexpr Flag stop_flags[] = {
    {.name = "signal", .letter = 's', .kind = FlagKind::text, .help = "Signal to send to the container"},
    {.name = "timeout",
     .letter = 't',
     .kind = FlagKind::integer,
     .help = "Seconds to wait before killing the container"},
    {.name = "time", .kind = FlagKind::integer, .help = "", .hidden = true},
};
constexpr Flag kill_flags[] = {
    {.name = "signal",
     .letter = 's',
     .kind = FlagKind::text,
     .help = "Signal to send to the container",
     .fallback = "SIGKILL"},
};
constexpr Flag remove_flags[] = {
    {.name = "force", .letter = 'f', .help = "Force the removal of a running container (uses SIGKILL)"},
    {.name = "link", .letter = 'l', .help = "Remove the specified link (not supported)", .hidden = true},
    {.name = "volumes", .letter = 'v', .help = "Remove anonymous volumes associated with the container"},
};
constexpr auto update_flags = [] {
    std::array<Flag, limit_flags.size() + 1> out;
    std::ranges::copy(limit_flags, out.begin());
    out.back() = {.name = "restart", .kind = FlagKind::text, .help = "Restart policy to apply when a container exits"};
    return out;
}();
constexpr Flag prune_flags[] = {
    {.name = "filter",
     .kind = FlagKind::texts,
     .help = "Provide filter values (e.g. \"until=24h\", \"label=KEY\")",
     .type = "filter"},
    {.name = "force", .letter = 'f', .help = "Do not prompt for confirmation"},
};
constexpr std::string_view remove_aliases[] = {"container remove"};

}  // namespace

PruneReport prune_containers(engine::Engine& engine, const std::vector<Filter>& filters, bool dry_run) {
    engine::ListOptions options;
    options.all = options.size = true;
    PruneReport report;
    for (const engine::ContainerSummary& one : engine.containers().list(options)) {
        using State = engine::ContainerState;
        if (one.state != State::exited && one.state != State::created && one.state != State::dead) continue;
        const bool wanted = labels_accept(filters, one.labels) && std::ranges::all_of(filters, [&](const Filter& f) {
                                if (f.key == "label!") return !engine::matches(one.labels, {f.value});
                                return f.key != "until" || one.created < parse_when(f.value);
                            });
        if (!wanted) continue;
        try {
            if (!dry_run) engine.containers().remove(one.id, {});
        } catch (const Error& error) {  // it was removed or started meanwhile
            if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::conflict) throw;
            continue;
        }
        report.names.push_back(one.id);
        report.bytes += std::max(one.size_rw, std::int64_t{0});
    }
    return report;
}

constinit const Command container_stop_command{
    .name = "container stop",
    .usage = "container stop [OPTIONS] CONTAINER [CONTAINER...]",
    .help = "Stop one or more running containers",
    .flags = stop_flags,
    .run = stop,
    .least = 1,
    .reads_project = false,
    .docker = "stop",
};
constinit const Command container_restart_command{
    .name = "container restart",
    .usage = "container restart [OPTIONS] CONTAINER [CONTAINER...]",
    .help = "Restart one or more containers",
    .flags = stop_flags,
    .run = restart,
    .least = 1,
    .reads_project = false,
    .docker = "restart",
};
constinit const Command container_kill_command{
    .name = "container kill",
    .usage = "container kill [OPTIONS] CONTAINER [CONTAINER...]",
    .help = "Kill one or more running containers",
    .flags = kill_flags,
    .run = kill,
    .least = 1,
    .reads_project = false,
    .docker = "kill",
};
constinit const Command container_pause_command{
    .name = "container pause",
    .usage = "container pause CONTAINER [CONTAINER...]",
    .help = "Pause all processes within one or more containers",
    .run = pause,
    .least = 1,
    .reads_project = false,
    .docker = "pause",
};
constinit const Command container_unpause_command{
    .name = "container unpause",
    .usage = "container unpause CONTAINER [CONTAINER...]",
    .help = "Unpause all processes within one or more containers",
    .run = unpause,
    .least = 1,
    .reads_project = false,
    .docker = "unpause",
};
constinit const Command container_rm_command{
    .name = "container rm",
    .usage = "container rm [OPTIONS] CONTAINER [CONTAINER...]",
    .help = "Remove one or more containers",
    .flags = remove_flags,
    .run = remove,
    .least = 1,
    .reads_project = false,
    .aliases = remove_aliases,
    .docker = "rm",
};
constinit const Command container_rename_command{
    .name = "container rename",
    .usage = "container rename CONTAINER NEW_NAME",
    .help = "Rename a container",
    .run = rename,
    .least = 2,
    .most = 2,
    .reads_project = false,
    .docker = "rename",
};
constinit const Command container_wait_command{
    .name = "container wait",
    .usage = "container wait CONTAINER [CONTAINER...]",
    .help = "Block until one or more containers stop, then print their exit codes",
    .run = wait,
    .least = 1,
    .reads_project = false,
    .docker = "wait",
};
constinit const Command container_update_command{
    .name = "container update",
    .usage = "container update [OPTIONS] CONTAINER [CONTAINER...]",
    .help = "Update configuration of one or more containers",
    .flags = update_flags,
    .run = update,
    .least = 1,
    .reads_project = false,
    .docker = "update",
};
constinit const Command container_prune_command{
    .name = "container prune",
    .usage = "container prune [OPTIONS]",
    .help = "Remove all stopped containers",
    .flags = prune_flags,
    .run = prune,
    .most = 0,
    .reads_project = false,
};

}  // namespace tutti::cli
