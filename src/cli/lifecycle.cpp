// start, stop, restart, kill, rm, pause, unpause: each a line of flags before the verb of its name.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "cli/up.h"

namespace tutti::cli {

namespace {

// Loads, runs `work` with a face for the operation, and finishes it.
template <class Work>
int with_subject(const Arguments& arguments, Session& session, const std::string& operation, Work&& work) {
    const auto subject = project_or_name(arguments, session, arguments.rest());
    if (!subject) return 1;
    if (subject->project) verbs::check_services(*subject->project, arguments.rest());
    const auto progress = make_progress(session, operation, arguments.on("dry-run"));
    work(subject->target(arguments.rest()), *progress);
    progress->finish();
    return 0;
}

int start(const Arguments& arguments, Session& session) {
    if (arguments.number("wait-timeout") < 0) refuse("--wait-timeout must be a non-negative integer");
    return with_subject(arguments, session, "start", [&](const verbs::Target& target, base::Reporter& reporter) {
        verbs::start(target, session.engine(),
                     {arguments.on("wait"), std::chrono::seconds(arguments.number("wait-timeout"))},
                     limits(arguments, session), reporter, session.scope);
    });
}

int stop(const Arguments& arguments, Session& session) {
    return with_subject(arguments, session, "stop", [&](const verbs::Target& target, base::Reporter& reporter) {
        verbs::stop(target, session.engine(), timeout(arguments), limits(arguments, session), reporter, session.scope);
    });
}

// All services count, as those that depend on the named ones may restart too; named ones are on whatever their profile.
int restart(const Arguments& arguments, Session& session) {
    auto subject = project_or_name(arguments, session, {});
    if (!subject) return 1;
    if (subject->project) {
        model::Project& project = *subject->project;
        for (const std::string& name : arguments.rest())
            if (auto off = project.disabled_services.extract(name)) project.services.insert(std::move(off));
        verbs::check_services(project, arguments.rest());
    }
    const auto progress = make_progress(session, "restart", arguments.on("dry-run"));
    verbs::restart(subject->target(arguments.rest()), session.engine(), {timeout(arguments), arguments.on("no-deps")},
                   limits(arguments, session), *progress, session.scope);
    progress->finish();
    return 0;
}

int kill(const Arguments& arguments, Session& session) {
    return with_subject(arguments, session, "kill", [&](const verbs::Target& target, base::Reporter& reporter) {
        const bool orphans = arguments.given("remove-orphans") ? arguments.on("remove-orphans")
                                                               : is_true(session.variable("COMPOSE_REMOVE_ORPHANS"));
        if (!verbs::kill(target, session.engine(), {arguments.text("signal"), orphans}, limits(arguments, session),
                         reporter, session.scope))
            session.err("No container to kill\n");
    });
}

int remove(const Arguments& arguments, Session& session) {
    return with_subject(arguments, session, "remove", [&](const verbs::Target& target, base::Reporter& reporter) {
        verbs::RemoveOptions options{arguments.on("stop"), arguments.on("force"), arguments.on("volumes"),
                                     ask(session, false), [&](std::string_view text) { session.out(text); }};
        if (!verbs::remove(target, session.engine(), options, limits(arguments, session), reporter, session.scope))
            session.err("No stopped containers\n");
    });
}

int freeze(const Arguments& arguments, Session& session, bool pause) {
    return with_subject(
        arguments, session, pause ? "pause" : "unpause", [&](const verbs::Target& target, base::Reporter& reporter) {
            verbs::pause(target, session.engine(), pause, limits(arguments, session), reporter, session.scope);
        });
}
int pause(const Arguments& arguments, Session& session) { return freeze(arguments, session, true); }
int unpause(const Arguments& arguments, Session& session) { return freeze(arguments, session, false); }

constexpr Flag start_flags[] = {
    {.name = "wait", .help = "Wait for services to be running|healthy. Implies detached mode."},
    {.name = "wait-timeout",
     .kind = FlagKind::integer,
     .help = "Maximum duration in seconds to wait for the project to be running|healthy",
     .fallback = "0"},
};
constexpr Flag stop_flags[] = {
    {.name = "timeout",
     .letter = 't',
     .kind = FlagKind::integer,
     .help = "Specify a shutdown timeout in seconds",
     .fallback = "0"},
};
constexpr Flag restart_flags[] = {
    {.name = "no-deps", .help = "Don't restart dependent services"},
    {.name = "timeout",
     .letter = 't',
     .kind = FlagKind::integer,
     .help = "Specify a shutdown timeout in seconds",
     .fallback = "0"},
};
constexpr Flag kill_flags[] = {
    {.name = "remove-orphans", .help = "Remove containers for services not defined in the Compose file"},
    {.name = "signal",
     .letter = 's',
     .kind = FlagKind::text,
     .help = "SIGNAL to send to the container",
     .fallback = "SIGKILL"},
};
constexpr Flag remove_flags[] = {
    {.name = "all", .letter = 'a', .help = "Deprecated - no effect", .hidden = true},
    {.name = "force", .letter = 'f', .help = "Don't ask to confirm removal"},
    {.name = "stop", .letter = 's', .help = "Stop the containers, if required, before removing"},
    {.name = "volumes", .letter = 'v', .help = "Remove any anonymous volumes attached to containers"},
};

}  // namespace

constinit const Command start_command{
    .name = "start",
    .usage = "start [SERVICE...]",
    .help = "Start services",
    .flags = start_flags,
    .run = start,
    .outside = "container start",
};
constinit const Command stop_command{
    .name = "stop",
    .usage = "stop [OPTIONS] [SERVICE...]",
    .help = "Stop services",
    .flags = stop_flags,
    .run = stop,
    .outside = "container stop",
};
constinit const Command restart_command{
    .name = "restart",
    .usage = "restart [OPTIONS] [SERVICE...]",
    .help = "Restart service containers",
    .flags = restart_flags,
    .run = restart,
    .outside = "container restart",
};
constinit const Command kill_command{
    .name = "kill",
    .usage = "kill [OPTIONS] [SERVICE...]",
    .help = "Force stop service containers",
    .flags = kill_flags,
    .run = kill,
    .outside = "container kill",
};
constinit const Command remove_command{
    .name = "rm",
    .usage = "rm [OPTIONS] [SERVICE...]",
    .help = "Removes stopped service containers",
    .flags = remove_flags,
    .run = remove,
    .outside = "container rm",
};
constinit const Command pause_command{
    .name = "pause",
    .usage = "pause [SERVICE...]",
    .help = "Pause services",
    .run = pause,
    .outside = "container pause",
};
constinit const Command unpause_command{
    .name = "unpause",
    .usage = "unpause [SERVICE...]",
    .help = "Unpause services",
    .run = unpause,
    .outside = "container unpause",
};

}  // namespace tutti::cli
