#include "cli/up.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/log_face.h"
#include "cli/progress.h"
#include "cli/up_beside.h"
#include "plan/graph.h"
#include "verbs/attached.h"
#include "verbs/watch.h"

namespace tutti::cli {

namespace {

using base::cat;

struct Wish {
    bool detach, wait, on_exit, on_failure;
};

// The combinations that Compose refuses, in its words.
Wish check(const Arguments& arguments) {
    if (arguments.number("wait-timeout") < 0) refuse("--wait-timeout must be a non-negative integer");
    Wish wish{arguments.on("detach"), arguments.on("wait"), arguments.on("abort-on-container-exit"),
              arguments.on("abort-on-container-failure")};
    const bool attach = !arguments.texts("attach").empty(), attach_all = arguments.on("attach-dependencies");
    if (!arguments.text("exit-code-from").empty() && !wish.on_failure) wish.on_exit = true;
    if (wish.on_exit && wish.on_failure)
        refuse("--abort-on-container-failure cannot be combined with --abort-on-container-exit");
    if (wish.wait) {
        if (attach_all || wish.on_exit || attach)
            refuse("--wait cannot be combined with --abort-on-container-exit, --attach or --attach-dependencies");
        wish.detach = true;
    }
    if (wish.detach && (attach_all || wish.on_exit || wish.on_failure || attach || arguments.on("watch")))
        refuse(cat(wish.wait ? "--wait" : "--detach",
                   " cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, "
                   "--attach-dependencies or --watch"));
    if (arguments.on("no-build") && arguments.on("watch")) refuse("--no-build and --watch are incompatible");
    if (attach && attach_all) refuse("cannot combine --attach and --attach-dependencies");
    if (arguments.given("menu") && arguments.on("menu") && wish.detach)
        refuse(cat(wish.wait ? "--wait" : "--detach", " cannot be combined with --menu"));
    return wish;
}

std::vector<std::string> attach_to(const Arguments& arguments, const model::Project& project) {
    std::set<std::string> services;
    if (const auto given = arguments.texts("attach"); !given.empty()) {
        std::vector<std::string> unknown;
        for (const std::string& name : given)
            if (!project.services.count(name)) unknown.push_back(name);
        if (!unknown.empty()) refuse(cat("cannot attach to services not included in up: ", base::join(unknown, ", ")));
        services.insert(given.begin(), given.end());
    } else {
        std::vector<std::string> candidates = arguments.rest();
        if (candidates.empty())
            for (const auto& [name, service] : project.services) candidates.push_back(name);
        else if (arguments.on("attach-dependencies"))
            candidates = plan::with_dependencies(project, candidates);
        for (const std::string& name : candidates)
            if (const auto service = project.services.find(name);
                service != project.services.end() && service->second.attach.value_or(true))
                services.insert(name);
    }
    for (const std::string& name : arguments.texts("no-attach")) services.erase(name);
    return {services.begin(), services.end()};
}

// On for a person at a terminal; --menu without one cannot be.
bool wants_menu(const Arguments& arguments, const Session& session) {
    const bool person = session.in_is_terminal && session.out_is_terminal;
    if (arguments.given("menu")) {
        if (arguments.on("menu") && !person) refuse("--menu needs a terminal for its keys");
        return arguments.on("menu");
    }
    const std::string wish = session.variable("COMPOSE_MENU");
    return person && (wish.empty() || is_true(wish));
}

int attached(const Arguments& arguments, Session& session, const model::Project& project, verbs::CreateOptions& create,
             const Wish& wish, ProgressFace& progress) {
    LogFace face(session, {!arguments.on("no-color"), !arguments.on("no-log-prefix"), arguments.on("timestamps")});
    create.hook_output = [&](const std::string& source, std::string_view line) {
        face.line(source, engine::StreamKind::stdout_, std::chrono::system_clock::now(), line);
    };
    create.reconcile.start = false;
    create.reconcile.spec.provided = std::make_shared<plan::spec::ProvidedBy>();
    verbs::up(project, session.engine(), create, progress, session.scope);
    progress.finish();
    create.reconcile.start = true;
    verbs::AttachOptions options;
    options.services = attach_to(arguments, project);
    options.named = arguments.rest();
    options.on_exit = wish.on_exit      ? verbs::AttachOptions::OnExit::stop
                      : wish.on_failure ? verbs::AttachOptions::OnExit::stop_on_failure
                                        : verbs::AttachOptions::OnExit::ignore;
    options.exit_code_from = arguments.text("exit-code-from");
    options.timeout = timeout(arguments);
    os::Queue<int> signals;
    UpBeside beside(project, session, create, progress, face, signals, options.named);
    beside.watch = arguments.on("watch");
    beside.menu = wants_menu(arguments, session);
    if (beside.watch || beside.menu) options.beside = [&](os::Scope& scope) { beside.run(scope); };
    if (session.on_signal) session.on_signal([&](int signal) { signals.push(signal); });
    const int code =
        verbs::start_attached(project, session.engine(), create, options, progress, face, signals, session.scope);
    if (session.on_signal) session.on_signal({});
    return code;
}

void tell_addresses(Session& session, const model::Project& project) {
    if (!session.err_is_terminal || session.progress == "quiet" || session.progress == "json") return;
    for (const std::string& line : verbs::addresses(project, session.engine())) session.err(cat("  ", line, "\n"));
}

int up(const Arguments& arguments, Session& session) {
    const Wish wish = check(arguments);
    auto project = whole_project(arguments, session, arguments.rest());
    if (!project) return 1;
    if (!arguments.on("all-resources") && project->services.empty()) refuse("no service selected");
    apply_pull(*project, arguments);
    apply_scale(*project, arguments.texts("scale"));
    if (arguments.on("no-deps")) project = plan::select(*project, arguments.rest(), plan::Along::nothing);
    if (const std::string from = arguments.text("exit-code-from"); !from.empty() && !project->services.count(from))
        refuse(cat("no such service: ", from));

    const bool attach = !wish.detach && !arguments.on("no-start");
    const auto progress = make_progress(session, "up", arguments.on("dry-run"), attach);
    verbs::CreateOptions options = create_options(arguments, session, *progress);
    apply_recreate(arguments, session, options);
    options.reconcile.services = arguments.rest();
    options.reconcile.start = !arguments.on("no-start");
    options.reconcile.await = wish.wait;
    options.await_timeout = std::chrono::seconds(arguments.number("wait-timeout"));
    if (arguments.on("watch")) verbs::check_watch(*project, {.services = arguments.rest()}, *progress);
    if (attach && !options.dry_run) return attached(arguments, session, *project, options, wish, *progress);
    verbs::up(*project, session.engine(), options, *progress, session.scope);
    progress->finish();
    if (attach) session.out("end of 'compose up' output, interactive run is not supported in dry-run mode\n");
    if (!options.dry_run && options.reconcile.start) tell_addresses(session, *project);
    return 0;
}

constexpr Flag flags[] = {
    {.name = "abort-on-container-exit",
     .help = "Stops all containers if any container was stopped. Incompatible with -d"},
    {.name = "abort-on-container-failure",
     .help = "Stops all containers if any container exited with failure. Incompatible with -d"},
    {.name = "always-recreate-deps", .help = "Recreate dependent containers. Incompatible with --no-recreate."},
    {.name = "attach",
     .kind = FlagKind::texts,
     .help = "Restrict attaching to the specified services. Incompatible with --attach-dependencies."},
    {.name = "attach-dependencies", .help = "Automatically attach to log output of dependent services"},
    {.name = "build", .help = "Build images before starting containers"},
    {.name = "detach", .letter = 'd', .help = "Detached mode: Run containers in the background"},
    {.name = "exit-code-from",
     .kind = FlagKind::text,
     .help = "Return the exit code of the selected service container. Implies --abort-on-container-exit"},
    {.name = "force-recreate", .help = "Recreate containers even if their configuration and image haven't changed"},
    {.name = "menu",
     .help = "Enable interactive shortcuts when running attached. Incompatible with --detach. Can also be "
             "enable/disable by "
             "setting COMPOSE_MENU environment var."},
    {.name = "no-attach", .kind = FlagKind::texts, .help = "Do not attach (stream logs) to the specified services"},
    {.name = "no-build", .help = "Don't build an image, even if it's policy"},
    {.name = "no-color", .help = "Produce monochrome output"},
    {.name = "no-deps", .help = "Don't start linked services"},
    {.name = "no-log-prefix", .help = "Don't print prefix in logs"},
    {.name = "no-recreate",
     .help = "If containers already exist, don't recreate them. Incompatible with --force-recreate."},
    {.name = "no-start", .help = "Don't start the services after creating them"},
    {.name = "pull",
     .kind = FlagKind::text,
     .help = "Pull image before running (\"always\"|\"missing\"|\"never\")",
     .fallback = "policy"},
    {.name = "quiet-build", .help = "Suppress the build output"},
    {.name = "quiet-pull", .help = "Pull without printing progress information"},
    {.name = "remove-orphans", .help = "Remove containers for services not defined in the Compose file"},
    {.name = "renew-anon-volumes",
     .letter = 'V',
     .help = "Recreate anonymous volumes instead of retrieving data from the previous containers"},
    {.name = "scale",
     .kind = FlagKind::texts,
     .help = "Scale SERVICE to NUM instances. Overrides the `scale` setting in the Compose file if present."},
    {.name = "timeout",
     .letter = 't',
     .kind = FlagKind::integer,
     .help = "Use this timeout in seconds for container shutdown when attached or when containers are already running",
     .fallback = "0"},
    {.name = "timestamps", .help = "Show timestamps"},
    {.name = "wait", .help = "Wait for services to be running|healthy. Implies detached mode."},
    {.name = "wait-timeout",
     .kind = FlagKind::integer,
     .help = "Maximum duration in seconds to wait for the project to be running|healthy",
     .fallback = "0"},
    {.name = "watch",
     .letter = 'w',
     .help = "Watch source code and rebuild/refresh containers when files are updated."},
    {.name = "yes", .letter = 'y', .help = "Assume \"yes\" as answer to all prompts and run non-interactively"},
};

}  // namespace

constinit const Command up_command{
    .name = "up",
    .usage = "up [OPTIONS] [SERVICE...]",
    .help = "Create and start containers",
    .flags = flags,
    .run = up,
};

}  // namespace tutti::cli
