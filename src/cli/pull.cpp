#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "plan/graph.h"
#include "plan/images.h"

namespace tutti::cli {

namespace {

// What could be pulled or built and is not here now was not to be had.
void tell_what_to_build(const std::vector<std::string>& names, const model::Project& project, Session& session) {
    if (names.empty()) return;
    state::ProjectState state;
    state.project = project.name;
    state::observe_images(session.engine(), project, state);
    std::string missing;
    for (const std::string& name : names)
        if (state.images.count(project.services.find(name)->second.image) == 0) missing += base::cat(" ", name);
    if (!missing.empty())
        session.err(base::cat("WARNING: Some service image(s) must be built from source by running:\n    ",
                              session.program, " build", missing, "\n"));
}

int pull(const Arguments& arguments, Session& session) {
    compose::LoadOptions load = load_options(arguments, session);
    load.services = arguments.rest();
    load.resolve_environment = false;
    auto loaded = load_project(load, arguments, session);
    if (!loaded) return 1;
    model::Project& project = loaded->project;
    if (!arguments.on("include-deps")) project = plan::select(project, arguments.rest(), plan::Along::nothing);
    if (const std::string policy = arguments.text("policy"); !policy.empty())
        for (auto& [name, service] : project.services)
            if (!service.image.empty()) service.pull_policy = policy;

    const auto progress = make_progress(session, "pull", arguments.on("dry-run"));
    state::ProjectState state;
    state.project = project.name;
    state::observe_images(session.engine(), project, state);
    plan::PullWish wish;
    wish.ignore_buildable = arguments.on("ignore-buildable");
    wish.ignore_failures = arguments.on("ignore-pull-failures");
    wish.quiet = arguments.on("quiet");
    wish.now = std::chrono::system_clock::now();
    wish.default_platform = session.variable("DOCKER_DEFAULT_PLATFORM");
    const plan::ImagePlan images = plan::wished_images(project, state, wish);
    for (const base::Progress& step : images.skipped) progress->progress(step);
    verbs::run_or_rehearse(images.pulls, project.name, session.engine(), limits(arguments, session), *progress,
                           session.scope);
    progress->finish();
    if (!arguments.on("dry-run")) tell_what_to_build(images.to_build, project, session);
    return 0;
}

constexpr Flag flags[] = {
    {.name = "ignore-buildable", .help = "Ignore images that can be built"},
    {.name = "ignore-pull-failures", .help = "Pull what it can and ignores images with pull failures"},
    {.name = "include-deps", .help = "Also pull services declared as dependencies"},
    {.name = "policy", .kind = FlagKind::text, .help = "Apply pull policy (\"missing\"|\"always\")"},
    {.name = "quiet", .letter = 'q', .help = "Pull without printing progress information"},
};

}  // namespace

constinit const Command pull_command{
    .name = "pull",
    .usage = "pull [OPTIONS] [SERVICE...]",
    .help = "Pull service images",
    .flags = flags,
    .run = pull,
};

}  // namespace tutti::cli
