#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "plan/graph.h"

namespace tutti::cli {

namespace {

using State = base::Progress::State;

int push(const Arguments& arguments, Session& session) {
    compose::LoadOptions load = load_options(arguments, session);
    load.services = arguments.rest();
    load.resolve_environment = false;
    auto loaded = load_project(load, arguments, session);
    if (!loaded) return 1;
    model::Project& project = loaded->project;
    if (!arguments.on("include-deps")) project = plan::select(project, arguments.rest(), plan::Along::nothing);
    const auto progress = make_progress(session, "push", arguments.on("dry-run"));
    std::vector<std::string> tags;
    for (const auto& [name, service] : project.services) {
        if (!service.build || service.image.empty()) {
            if (service.build && service.image.empty()) progress->progress({name, {}, State::done, "Skipped", {}});
            continue;
        }
        tags.push_back(service.image);
        tags.insert(tags.end(), service.build->tags.begin(), service.build->tags.end());
    }
    engine::Engine& engine = session.engine();
    const std::size_t width = session.parallel > 0 ? static_cast<std::size_t>(session.parallel) : 0;
    os::parallel(session.scope, tags.size(), width, [&](std::size_t i) {
        progress->progress({tags[i], {}, State::working, "Pushing", {}});
        try {
            if (!arguments.on("dry-run"))
                engine.images().push(tags[i], {{}, tags[i], arguments.on("quiet")}, *progress, session.scope.cancel());
        } catch (const base::Error& error) {
            const bool passed_over = arguments.on("ignore-push-failures");
            progress->progress({tags[i], {}, passed_over ? State::warning : State::error, error.message(), {}});
            if (!passed_over) throw;
            return;
        }
        progress->progress({tags[i], {}, State::done, "Pushed", {}});
    });
    progress->finish();
    return 0;
}

constexpr Flag flags[] = {
    {.name = "ignore-push-failures", .help = "Push what it can and ignores images with push failures"},
    {.name = "include-deps", .help = "Also push images of services declared as dependencies"},
    {.name = "quiet", .letter = 'q', .help = "Push without printing progress information"},
};

}  // namespace

constinit const Command push_command{
    .name = "push",
    .usage = "push [OPTIONS] [SERVICE...]",
    .help = "Push service images",
    .flags = flags,
    .run = push,
};

}  // namespace tutti::cli
