#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/up.h"

namespace tutti::cli {

using base::cat;

void refuse(std::string message) { throw base::Error(base::ErrorKind::invalid, std::move(message)); }

void apply_scale(model::Project& project, const std::vector<std::string>& scales) {
    for (const std::string& scale : scales) {
        const auto equals = scale.find('=');
        if (equals == std::string::npos || equals + 1 == scale.size())
            refuse(cat("invalid --scale option \"", scale, "\". Should be SERVICE=NUM"));
        const auto service = project.services.find(scale.substr(0, equals));
        const auto number = base::to_int(scale.substr(equals + 1));
        if (!number || *number < 0) refuse(cat("invalid --scale option \"", scale, "\". Should be SERVICE=NUM"));
        if (service == project.services.end())
            throw base::Error(base::ErrorKind::not_found, cat("no such service: ", scale.substr(0, equals)));
        service->second.scale = *number;
    }
}

void apply_pull(model::Project& project, const Arguments& arguments) {
    if (arguments.on("build"))
        for (auto& [name, service] : project.services)
            if (service.build) service.pull_policy = "build";
    if (!arguments.given("pull")) return;
    const std::string policy = arguments.text("pull");
    if (policy != "always" && policy != "missing" && policy != "never" && policy != "build" &&
        policy != "if_not_present")
        refuse(cat("invalid --pull option \"", policy, "\""));
    for (auto& [name, service] : project.services) service.pull_policy = policy;
}

void apply_recreate(const Arguments& arguments, Session& session, verbs::CreateOptions& options) {
    const bool force = arguments.on("force-recreate"), never = arguments.on("no-recreate");
    const auto flag = [&](std::string_view name) { return find_flag(arguments.command(), name) && arguments.on(name); };
    if (force && never) refuse("--force-recreate and --no-recreate are incompatible");
    const bool renew = flag("renew-anon-volumes"), dependencies = flag("always-recreate-deps");
    if (renew && never) refuse("--no-recreate and --renew-anon-volumes are incompatible");
    if (dependencies && never) refuse("--always-recreate-deps and --no-recreate are incompatible");
    plan::ReconcileOptions& reconcile = options.reconcile;
    reconcile.recreate = never            ? plan::Recreate::never
                         : force || renew ? plan::Recreate::force
                                          : plan::Recreate::diverged;
    reconcile.recreate_dependencies = never          ? plan::Recreate::never
                                      : dependencies ? plan::Recreate::force
                                                     : plan::Recreate::diverged;
    reconcile.inherit_volumes = !renew;
    reconcile.remove_orphans = arguments.given("remove-orphans") ? arguments.on("remove-orphans")
                                                                 : is_true(session.variable("COMPOSE_REMOVE_ORPHANS"));
    options.ignore_orphans = is_true(session.variable("COMPOSE_IGNORE_ORPHANS"));
    if (options.ignore_orphans && reconcile.remove_orphans)
        refuse("cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans");
    const verbs::Ask confirm = ask(session, flag("yes"));
    reconcile.confirm = [confirm](const std::string& question) { return confirm(question, false); };
    if (find_flag(arguments.command(), "timeout")) reconcile.timeout = timeout(arguments);
    options.quiet_pull = arguments.on("quiet-pull");
    options.no_build = arguments.on("no-build");
    if (arguments.on("build") && options.no_build) refuse("--build and --no-build are incompatible");
}

namespace {

int create(const Arguments& arguments, Session& session) {
    auto project = whole_project(arguments, session, arguments.rest());
    if (!project) return 1;
    apply_pull(*project, arguments);
    apply_scale(*project, arguments.texts("scale"));
    const auto progress = make_progress(session, "create", arguments.on("dry-run"));
    verbs::CreateOptions options = create_options(arguments, session, *progress);
    apply_recreate(arguments, session, options);
    options.reconcile.services = arguments.rest();
    options.reconcile.start = false;
    verbs::up(*project, session.engine(), options, *progress, session.scope);
    progress->finish();
    return 0;
}

constexpr Flag flags[] = {
    {.name = "build", .help = "Build images before starting containers"},
    {.name = "force-recreate", .help = "Recreate containers even if their configuration and image haven't changed"},
    {.name = "no-build", .help = "Don't build an image, even if it's policy"},
    {.name = "no-recreate",
     .help = "If containers already exist, don't recreate them. Incompatible with --force-recreate."},
    {.name = "pull",
     .kind = FlagKind::text,
     .help = "Pull image before running (\"always\"|\"missing\"|\"never\"|\"build\")",
     .fallback = "policy"},
    {.name = "quiet-pull", .help = "Pull without printing progress information"},
    {.name = "remove-orphans", .help = "Remove containers for services not defined in the Compose file"},
    {.name = "scale",
     .kind = FlagKind::texts,
     .help = "Scale SERVICE to NUM instances. Overrides the `scale` setting in the Compose file if present."},
    {.name = "yes", .letter = 'y', .help = "Assume \"yes\" as answer to all prompts and run non-interactively"},
};

}  // namespace

constinit const Command create_command{
    .name = "create",
    .usage = "create [OPTIONS] [SERVICE...]",
    .help = "Creates containers for a service",
    .flags = flags,
    .run = create,
};

}  // namespace tutti::cli
