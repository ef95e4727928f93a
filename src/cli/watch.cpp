#include "verbs/watch.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/log_face.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "cli/up.h"
#include "os/file.h"

namespace tutti::cli {

namespace {

using base::cat;

// Two watchers of one project would do everything twice.
std::optional<os::FileLock> only_watcher(const Session& session, const std::string& project) {
    if (session.lock_folder.empty()) return std::nullopt;
    os::make_folders(session.lock_folder);
    auto lock = os::FileLock::try_now(cat(session.lock_folder, "/", project, ".watch"));
    if (!lock)
        throw base::Error(base::ErrorKind::conflict,
                          cat("cannot take exclusive lock for project \"", project, "\": another watch of it runs"),
                          "stop the other one first");
    return lock;
}

void up_first(model::Project project, const Arguments& arguments, Session& session, verbs::CreateOptions create,
              base::Reporter& reporter) {
    for (auto& [name, service] : project.services)
        if (service.build && service.develop) service.pull_policy = "build";
    create.reconcile.services = arguments.rest();
    create.reconcile.recreate_dependencies = plan::Recreate::never;
    create.quiet_pull = arguments.on("quiet");
    verbs::up(project, session.engine(), create, reporter, session.scope);
}

int watch(const Arguments& arguments, Session& session) {
    auto project = whole_project(arguments, session, arguments.rest());
    if (!project) return 1;
    const auto progress = make_progress(session, "watch", arguments.on("dry-run"));
    verbs::WatchOptions options;
    options.services = arguments.rest();
    options.prune = arguments.on("prune");
    options.verbose = arguments.on("verbose");
    options.create = create_options(arguments, session, *progress);
    if (!options.create.dry_run) options.create.reconcile.spec.provided = std::make_shared<plan::spec::ProvidedBy>();
    options.create.build = build_options(session, arguments.on("quiet"));
    verbs::check_watch(*project, options, *progress);
    const auto lock = options.create.dry_run ? std::nullopt : only_watcher(session, project->name);
    if (!arguments.on("no-up")) up_first(*project, arguments, session, options.create, *progress);
    progress->finish();
    if (options.create.dry_run) return 0;
    LogFace face(session, {});
    verbs::watch(*project, session.engine(), options, *progress, face, session.scope);
    session.scope.cancel().check();
    return 0;
}

constexpr Flag flags[] = {
    {.name = "no-up", .help = "Do not build & start services before watching"},
    {.name = "prune", .help = "Prune dangling images on rebuild", .fallback = "true"},
    {.name = "quiet", .help = "hide build output"},
};

}  // namespace

constinit const Command watch_command{
    .name = "watch",
    .usage = "watch [SERVICE...]",
    .help = "Watch build context for service and rebuild/refresh containers when files are updated",
    .flags = flags,
    .run = watch,
};

}  // namespace tutti::cli
