#include "verbs/exec.h"

#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/stdio.h"
#include "cli/target.h"
#include "verbs/containers.h"

namespace tutti::cli {

namespace {

int exec(const Arguments& arguments, Session& session) {
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    verbs::ExecOptions options;
    options.service = arguments.rest()[0];
    options.index = static_cast<int>(arguments.number("index"));
    options.interactive = arguments.on("interactive");
    options.spec.command.assign(arguments.rest().begin() + 1, arguments.rest().end());
    for (const std::string& entry : arguments.texts("env")) {
        const bool bare = entry.find('=') == std::string::npos;
        const auto known = session.environment.find(entry);
        if (!bare)
            options.spec.env.push_back(entry);
        else if (known != session.environment.end())
            options.spec.env.push_back(base::cat(entry, "=", known->second));
    }
    options.spec.user = arguments.text("user");
    options.spec.working_dir = arguments.text("workdir");
    options.spec.privileged = arguments.on("privileged");
    options.spec.detach = arguments.on("detach");
    const bool no_tty = arguments.on("no-tty") || arguments.on("no-TTY");
    options.spec.tty = !options.spec.detach && (arguments.given("no-tty") || arguments.given("no-TTY")
                                                    ? !no_tty
                                                    : session.out_is_terminal && session.in_is_terminal);
    if (arguments.on("dry-run")) {
        const auto progress = make_progress(session, "exec", true);
        const state::Container container =
            verbs::find_container(session.engine(), *name, options.service, options.index, verbs::Which::any, false);
        progress->progress({base::cat("Container ", container.name()),
                            {},
                            base::Progress::State::done,
                            base::cat("Executed ", base::join(options.spec.command, " ")),
                            {}});
        progress->finish();
        return 0;
    }
    const JoinedStdio joined(session);
    return verbs::exec(*name, session.engine(), std::move(options), joined.stdio(), session.scope);
}

constexpr Flag flags[] = {
    {.name = "detach", .letter = 'd', .help = "Detached mode: Run command in the background"},
    {.name = "env", .letter = 'e', .kind = FlagKind::texts, .help = "Set environment variables"},
    {.name = "index",
     .kind = FlagKind::integer,
     .help = "Index of the container if service has multiple replicas",
     .fallback = "0"},
    {.name = "interactive",
     .letter = 'i',
     .help = "Keep STDIN open even if not attached",
     .fallback = "true",
     .hidden = true},
    {.name = "no-tty",
     .letter = 'T',
     .help = "Disable pseudo-TTY allocation. By default a TTY is allocated on a terminal."},
    {.name = "no-TTY", .help = "", .hidden = true},
    {.name = "privileged", .help = "Give extended privileges to the process"},
    {.name = "tty", .letter = 't', .help = "Allocate a pseudo-TTY", .fallback = "true", .hidden = true},
    {.name = "user", .letter = 'u', .kind = FlagKind::text, .help = "Run the command as this user"},
    {.name = "workdir", .letter = 'w', .kind = FlagKind::text, .help = "Path to workdir directory for this command"},
};

}  // namespace

constinit const Command exec_command{
    .name = "exec",
    .usage = "exec [OPTIONS] SERVICE COMMAND [ARGS...]",
    .help = "Execute a command in a running container",
    .flags = flags,
    .run = exec,
    .least = 2,
    .options_end_at_first_argument = true,
    .outside = "container exec",
};

}  // namespace tutti::cli
