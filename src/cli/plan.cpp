#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/up.h"

namespace tutti::cli {

namespace {

// Always a rehearsal: what `up` would do and why, down to the field that changed.
int plan(const Arguments& arguments, Session& session) {
    auto project = whole_project(arguments, session, arguments.rest());
    if (!project) return 1;
    apply_pull(*project, arguments);
    apply_scale(*project, arguments.texts("scale"));
    const auto progress = make_progress(session, "plan");
    verbs::CreateOptions options = create_options(arguments, session, *progress);
    apply_recreate(arguments, session, options);
    options.reconcile.services = arguments.rest();
    options.reconcile.confirm = {};
    engine::Engine& engine = session.engine();
    options.reconcile.inspect = [&](const std::string& id) { return std::optional(engine.containers().inspect(id)); };
    const plan::Plan plan = verbs::planned(*project, engine, options, *progress);
    progress->finish();
    session.out(arguments.on("steps") ? plan::to_text(plan) : plan::to_diff(plan));
    return arguments.on("exit-code") && !plan::to_diff(plan).starts_with("Nothing") ? 2 : 0;
}

constexpr Flag flags[] = {
    {.name = "always-recreate-deps", .help = "Recreate dependent containers. Incompatible with --no-recreate."},
    {.name = "build", .help = "", .hidden = true},
    {.name = "exit-code", .help = "End with 2 when there is something to do"},
    {.name = "force-recreate", .help = "Recreate containers even if their configuration and image haven't changed"},
    {.name = "no-build", .help = "", .hidden = true},
    {.name = "no-recreate", .help = "If containers already exist, don't recreate them"},
    {.name = "pull",
     .kind = FlagKind::text,
     .help = "As if images were pulled (\"always\"|\"missing\"|\"never\")",
     .fallback = "policy"},
    {.name = "quiet-pull", .help = "", .hidden = true},
    {.name = "remove-orphans", .help = "Remove containers for services not defined in the Compose file"},
    {.name = "renew-anon-volumes", .letter = 'V', .help = "Recreate anonymous volumes"},
    {.name = "scale", .kind = FlagKind::texts, .help = "Scale SERVICE to NUM instances"},
    {.name = "steps", .help = "Show every step with what comes before it"},
};

}  // namespace

constinit const Command plan_command{
    .name = "plan",
    .usage = "plan [OPTIONS] [SERVICE...]",
    .help = "Show what up would change, and why",
    .flags = flags,
    .run = plan,
};

}  // namespace tutti::cli
