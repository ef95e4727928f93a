// container logs, exec, attach, start, top, port, stats: what a container writes, reads and uses.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/run_values.h"
#include "cli/single.h"
#include "cli/stats_rows.h"
#include "cli/stdio.h"
#include "cli/table.h"
#include "cli/up.h"
#include "cli/when.h"
#include "verbs/exec.h"
#include "verbs/single.h"
#include "verbs/words.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

// Each line goes where the container wrote it; of a terminal, all to standard output.
int logs(const Arguments& arguments, Session& session) {
    engine::LogOptions options;
    options.follow = arguments.on("follow");
    options.since = parse_when(arguments.text("since"));
    options.until = parse_when(arguments.text("until"));
    const std::string tail = arguments.text("tail"), wanted = arguments.text("grep");
    if (tail != "all") {
        const auto lines = base::to_int(tail);
        if (!lines) refuse(cat("invalid --tail value \"", tail, "\": a number of lines, or all"));
        options.tail = std::max(*lines, std::int64_t{-1});
    }
    const engine::Container container = session.engine().containers().inspect(arguments.rest()[0]);
    const std::string details = arguments.on("details") ? labels_text(container.spec.log_options) + " " : std::string();
    const bool stamps = arguments.on("timestamps");
    bool fresh = true;
    session.engine().containers().logs(
        container.id, options,
        [&](const engine::LogLine& line) {
            if (!wanted.empty() && line.text.find(wanted) == std::string::npos) return;
            std::string text;
            if (fresh) text = cat(stamps ? base::to_rfc3339(line.time) + " " : std::string(), details);
            text += line.text;
            if (!line.partial) text += '\n';
            fresh = !line.partial;
            (line.stream == engine::StreamKind::stderr_ ? session.err : session.out)(text);
        },
        session.scope.cancel());
    return 0;
}

// Outside any project `exec NAME` is as interactive as it is on a service.
int exec(const Arguments& arguments, Session& session) {
    engine::ExecSpec spec;
    spec.command.assign(arguments.rest().begin() + 1, arguments.rest().end());
    for (const std::string& path : arguments.texts("env-file"))
        for (std::string& line : env_file_lines(session.files.read(session.place(path)), session.environment))
            spec.env.push_back(std::move(line));
    for (const std::string& entry : arguments.texts("env")) {
        const auto known = session.environment.find(entry);
        if (entry.find('=') != std::string::npos)
            spec.env.push_back(entry);
        else if (known != session.environment.end())
            spec.env.push_back(cat(entry, "=", known->second));
    }
    spec.user = arguments.text("user");
    spec.working_dir = arguments.text("workdir");
    spec.privileged = arguments.on("privileged");
    spec.detach = arguments.on("detach");
    const bool no_tty = arguments.on("no-tty") || spec.detach;
    spec.tty =
        !no_tty && (arguments.on("tty") || (session.short_form && session.in_is_terminal && session.out_is_terminal));
    const bool interactive = arguments.on("interactive") || session.short_form;
    const JoinedStdio joined(session);
    return verbs::exec_in(arguments.rest()[0], session.engine(), std::move(spec), interactive, joined.stdio(),
                          session.scope);
}

int attach(const Arguments& arguments, Session& session) {
    verbs::SingleOptions options;
    options.in = !arguments.on("no-stdin");
    options.forward_signals = arguments.on("sig-proxy");
    options.detach_keys = arguments.text("detach-keys");
    const JoinedStdio joined(session);
    return verbs::attach_to(arguments.rest()[0], session.engine(), options, joined.stdio(), session.scope);
}

int start(const Arguments& arguments, Session& session) {
    engine::Engine& engine = session.engine();
    if (!arguments.on("attach") && !arguments.on("interactive"))
        return for_each_name(arguments.rest(), session, !arguments.on("dry-run"), [&](const std::string& name) {
            if (arguments.on("dry-run"))
                return session.out(cat("Would start ", engine.containers().inspect(name).name, "\n"));
            for (const std::string& note : engine.containers().start(name)) session.err(cat("WARNING: ", note, "\n"));
        });
    if (arguments.rest().size() > 1)
        throw Error(ErrorKind::invalid, "you cannot start and attach multiple containers at once");
    const engine::Container container = engine.containers().inspect(arguments.rest()[0]);
    verbs::SingleOptions options;
    options.in = arguments.on("interactive") && container.spec.open_stdin;
    options.forward_signals = arguments.on("sig-proxy") && !container.spec.tty;
    options.detach_keys = arguments.text("detach-keys");
    const JoinedStdio joined(session);
    if (container.state == engine::ContainerState::running)
        return verbs::attach_to(container.id, engine, options, joined.stdio(), session.scope);
    return verbs::start_joined(container.id, engine, options, joined.stdio(), session.scope);
}

int top(const Arguments& arguments, Session& session) {
    const std::vector<std::string> ps_options(arguments.rest().begin() + 1, arguments.rest().end());
    const engine::ProcessTable table = session.engine().containers().top(arguments.rest()[0], ps_options);
    std::vector<std::vector<std::string>> rows;
    for (const engine::Process& process : table.rows) rows.push_back(process.columns);
    session.out(plain_table(table.titles, rows));
    return 0;
}

// All of them, or those of one port of the container.
int port(const Arguments& arguments, Session& session) {
    const engine::Container container = session.engine().containers().inspect(arguments.rest()[0]);
    const auto address = [](const engine::PublishedPort& one) {
        return cat(verbs::with_brackets(one.host_ip), ":", one.host_port, "\n");
    };
    if (arguments.rest().size() == 1) {
        for (const engine::PublishedPort& one : container.ports)
            if (one.host_port != 0) session.out(cat(one.container_port, "/", one.protocol, " -> ", address(one)));
        return 0;
    }
    const std::string& wanted = arguments.rest()[1];
    const auto slash = wanted.find('/');
    const auto number = base::to_uint(std::string_view(wanted).substr(0, slash));
    const std::string protocol = slash == std::string::npos ? "tcp" : wanted.substr(slash + 1);
    if (!number || *number > 65535) refuse(cat("invalid port '", wanted, "': as 80 or 80/udp"));
    bool found = false;
    for (const engine::PublishedPort& one : container.ports)
        if (one.host_port != 0 && one.container_port == *number && one.protocol == protocol) {
            session.out(address(one));
            found = true;
        }
    if (!found)
        throw Error(ErrorKind::not_found,
                    cat("no public port '", *number, "/", protocol, "' published for ", container.name));
    return 0;
}

std::vector<engine::ContainerSummary> observed(const Arguments& arguments, engine::Engine& engine) {
    engine::ListOptions options;
    options.all = arguments.on("all") || !arguments.rest().empty();
    std::vector<engine::ContainerSummary> all = engine.containers().list(options);
    if (arguments.rest().empty()) return all;
    std::vector<engine::ContainerSummary> named;
    for (const std::string& name : arguments.rest()) {
        const std::string id = engine.containers().inspect(name).id;
        const auto found = std::ranges::find(all, id, &engine::ContainerSummary::id);
        if (found != all.end()) named.push_back(*found);
    }
    return named;
}

int stats(const Arguments& arguments, Session& session) {
    engine::Engine& engine = session.engine();
    std::vector<StatsSource> sources;
    return show_stats(arguments, session, [&] {
        sources.clear();
        for (const engine::ContainerSummary& one : observed(arguments, engine))
            sources.push_back({one.id, one.name, one.state == engine::ContainerState::running});
        return sources;
    });
}

constexpr Flag logs_flags[] = {
    {.name = "details", .help = "Show extra details provided to logs"},
    {.name = "follow", .letter = 'f', .help = "Follow log output"},
    {.name = "grep", .kind = FlagKind::text, .help = "Show only lines that contain this text"},
    {.name = "since",
     .kind = FlagKind::text,
     .help = "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"},
    {.name = "tail",
     .letter = 'n',
     .kind = FlagKind::text,
     .help = "Number of lines to show from the end of the logs",
     .fallback = "all"},
    {.name = "timestamps", .letter = 't', .help = "Show timestamps"},
    {.name = "until",
     .kind = FlagKind::text,
     .help = "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"},
};
constexpr Flag exec_flags[] = {
    {.name = "detach", .letter = 'd', .help = "Detached mode: run command in the background"},
    {.name = "env", .letter = 'e', .kind = FlagKind::texts, .help = "Set environment variables", .type = "list"},
    {.name = "env-file", .kind = FlagKind::texts, .help = "Read in a file of environment variables", .type = "list"},
    {.name = "interactive", .letter = 'i', .help = "Keep STDIN open even if not attached"},
    {.name = "no-tty", .letter = 'T', .help = "Allocate no pseudo-TTY", .hidden = true},
    {.name = "privileged", .help = "Give extended privileges to the command"},
    {.name = "tty", .letter = 't', .help = "Allocate a pseudo-TTY"},
    {.name = "user",
     .letter = 'u',
     .kind = FlagKind::text,
     .help = "Username or UID (format: \"<name|uid>[:<group|gid>]\")"},
    {.name = "workdir", .letter = 'w', .kind = FlagKind::text, .help = "Working directory inside the container"},
};
constexpr Flag attach_flags[] = {
    {.name = "detach-keys", .kind = FlagKind::text, .help = "Override the key sequence for detaching a container"},
    {.name = "no-stdin", .help = "Do not attach STDIN"},
    {.name = "sig-proxy", .help = "Proxy all received signals to the process", .fallback = "true"},
};
constexpr Flag start_flags[] = {
    {.name = "attach", .letter = 'a', .help = "Attach STDOUT/STDERR and forward signals"},
    {.name = "detach-keys", .kind = FlagKind::text, .help = "Override the key sequence for detaching a container"},
    {.name = "interactive", .letter = 'i', .help = "Attach container's STDIN"},
    {.name = "sig-proxy", .help = "Proxy all received signals to the process", .fallback = "true", .hidden = true},
};
constexpr Flag stats_flags[] = {
    {.name = "all", .letter = 'a', .help = "Show all containers (default shows just running)"},
    {.name = "format", .kind = FlagKind::text, .help = format_help},
    {.name = "no-stream", .help = "Disable streaming stats and only pull the first result"},
    {.name = "no-trunc", .help = "Do not truncate output"},
};

}  // namespace

constinit const Command container_logs_command{
    .name = "container logs",
    .usage = "container logs [OPTIONS] CONTAINER",
    .help = "Fetch the logs of a container",
    .flags = logs_flags,
    .run = logs,
    .least = 1,
    .most = 1,
    .reads_project = false,
    .docker = "logs",
};
constinit const Command container_exec_command{
    .name = "container exec",
    .usage = "container exec [OPTIONS] CONTAINER COMMAND [ARG...]",
    .help = "Execute a command in a running container",
    .flags = exec_flags,
    .run = exec,
    .least = 2,
    .options_end_at_first_argument = true,
    .reads_project = false,
    .docker = "exec",
};
constinit const Command container_attach_command{
    .name = "container attach",
    .usage = "container attach [OPTIONS] CONTAINER",
    .help = "Attach local standard input, output, and error streams to a running container",
    .flags = attach_flags,
    .run = attach,
    .least = 1,
    .most = 1,
    .reads_project = false,
    .docker = "attach",
};
constinit const Command container_start_command{
    .name = "container start",
    .usage = "container start [OPTIONS] CONTAINER [CONTAINER...]",
    .help = "Start one or more stopped containers",
    .flags = start_flags,
    .run = start,
    .least = 1,
    .reads_project = false,
    .docker = "start",
};
constinit const Command container_top_command{
    .name = "container top",
    .usage = "container top CONTAINER [ps OPTIONS]",
    .help = "Display the running processes of a container",
    .run = top,
    .least = 1,
    .options_end_at_first_argument = true,
    .reads_project = false,
    .docker = "top",
};
constinit const Command container_port_command{
    .name = "container port",
    .usage = "container port CONTAINER [PRIVATE_PORT[/PROTO]]",
    .help = "List port mappings or a specific mapping for the container",
    .run = port,
    .least = 1,
    .most = 2,
    .reads_project = false,
    .docker = "port",
};
constinit const Command container_stats_command{
    .name = "container stats",
    .usage = "container stats [OPTIONS] [CONTAINER...]",
    .help = "Display a live stream of container(s) resource usage statistics",
    .flags = stats_flags,
    .run = stats,
    .reads_project = false,
    .docker = "stats",
};

}  // namespace tutti::cli
