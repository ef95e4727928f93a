#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"

namespace tutti::cli {

namespace {

using base::cat;

int wait(const Arguments& arguments, Session& session) {
    const auto subject = project_or_name(arguments, session, {});
    if (!subject) return 1;
    engine::Engine& engine = session.engine();
    std::vector<state::Container> containers;
    for (state::Container& container : state::list_containers(engine, subject->name, false))
        if (std::find(arguments.rest().begin(), arguments.rest().end(), container.service) != arguments.rest().end())
            containers.push_back(std::move(container));
    if (containers.empty())
        throw base::Error(base::ErrorKind::not_found,
                          cat("no containers for project \"", subject->name, "\": not found"));

    std::mutex mutex;
    int status = 0;  // of the last to end
    const bool down = arguments.on("down-project");
    os::Scope waiting = session.scope.child();
    for (const state::Container& container : containers)
        waiting.spawn([&] {
            const int code = engine.containers().wait(container.id(), engine::WaitFor::not_running, waiting.cancel());
            const std::lock_guard lock(mutex);
            session.out(cat("container \"", container.id(), "\" exited with status code ", code, "\n"));
            status = code;
        });
    waiting.join();
    if (down) {
        const auto progress = make_progress(session, "down", arguments.on("dry-run"));
        verbs::DownOptions options;
        options.remove_orphans = true;
        verbs::down({subject->name, nullptr, {}}, engine, options, limits(arguments, session), *progress,
                    session.scope);
        progress->finish();
    }
    return status;
}

constexpr Flag flags[] = {{.name = "down-project", .help = "Drops project when the first container stops"}};

}  // namespace

constinit const Command wait_command{
    .name = "wait",
    .usage = "wait SERVICE [SERVICE...] [OPTIONS]",
    .help = "Block until containers of all (or specified) services stop.",
    .flags = flags,
    .run = wait,
    .least = 1,
    .outside = "container wait",
};

}  // namespace tutti::cli
