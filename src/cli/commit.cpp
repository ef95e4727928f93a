// commit and export: a container's files as an image, or as an archive.
#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/file_in_place.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "cli/up.h"
#include "verbs/containers.h"

namespace tutti::cli {

namespace {

using base::cat;
using State = base::Progress::State;

state::Container container_of(const Arguments& arguments, Session& session, const std::string& project) {
    return verbs::find_container(session.engine(), project, arguments.rest()[0],
                                 static_cast<int>(arguments.number("index")), verbs::Which::any, false);
}

int commit(const Arguments& arguments, Session& session) {
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    const auto progress = make_progress(session, "commit", arguments.on("dry-run"));
    const state::Container container = container_of(arguments, session, *name);
    progress->progress({container.name(), {}, State::working, "Committing", {}});
    engine::Containers::CommitOptions options;
    options.reference = arguments.rest().size() > 1 ? arguments.rest()[1] : std::string();
    options.author = arguments.text("author");
    options.message = arguments.text("message");
    options.changes = arguments.texts("change");
    options.pause = arguments.on("pause");
    if (arguments.on("dry-run")) {
        progress->progress({container.name(), {}, State::done, "Committed", {}});
    } else {
        const std::string id = session.engine().containers().commit(container.id(), options);
        progress->progress({container.name(), {}, State::done, cat("Committed as ", id), {}});
    }
    progress->finish();
    return 0;
}

int export_container(const Arguments& arguments, Session& session) {
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    const std::string output = arguments.text("output");
    const state::Container container = container_of(arguments, session, *name);
    if (output.empty() && session.out_is_terminal) refuse("output option is required when exporting to terminal");
    const auto progress = make_progress(session, "export", arguments.on("dry-run"));
    progress->progress({container.name(), {}, State::working, "Exporting", {}});
    engine::Engine& engine = session.engine();
    if (!arguments.on("dry-run")) {
        if (output.empty())
            engine.containers().export_(container.id(), session.out);
        else
            write_in_place(session, output,
                           [&](const ByteSink& sink) { engine.containers().export_(container.id(), sink); });
    }
    progress->progress({container.name(), {}, State::done, "Exported", {}});
    progress->finish();
    return 0;
}

constexpr Flag commit_flags[] = {
    {.name = "author",
     .letter = 'a',
     .kind = FlagKind::text,
     .help = "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")"},
    {.name = "change",
     .letter = 'c',
     .kind = FlagKind::texts,
     .help = "Apply Dockerfile instruction to the created image"},
    {.name = "index",
     .kind = FlagKind::integer,
     .help = "index of the container if service has multiple replicas.",
     .fallback = "0"},
    {.name = "message", .letter = 'm', .kind = FlagKind::text, .help = "Commit message"},
    {.name = "pause", .letter = 'p', .help = "Pause container during commit", .fallback = "true"},
};
constexpr Flag export_flags[] = {
    {.name = "index",
     .kind = FlagKind::integer,
     .help = "index of the container if service has multiple replicas.",
     .fallback = "0"},
    {.name = "output", .letter = 'o', .kind = FlagKind::text, .help = "Write to a file, instead of STDOUT"},
};

}  // namespace

constinit const Command commit_command{
    .name = "commit",
    .usage = "commit [OPTIONS] SERVICE [REPOSITORY[:TAG]]",
    .help = "Create a new image from a service container's changes",
    .flags = commit_flags,
    .run = commit,
    .least = 1,
    .most = 2,
};
constinit const Command export_command{
    .name = "export",
    .usage = "export [OPTIONS] SERVICE",
    .help = "Export a service container's filesystem as a tar archive",
    .flags = export_flags,
    .run = export_container,
    .least = 1,
    .most = 1,
};

}  // namespace tutti::cli
