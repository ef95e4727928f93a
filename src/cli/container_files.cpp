// container cp, commit and export: a container's files to and from this machine, as an image, or as an archive.
#include "base/error.h"
#include "base/text.h"
#include "cli/archive_in.h"
#include "cli/commands.h"
#include "cli/file_in_place.h"
#include "cli/progress.h"
#include "cli/single.h"
#include "cli/up.h"
#include "verbs/copy.h"

namespace tutti::cli {

namespace {

using base::cat;

int commit(const Arguments& arguments, Session& session) {
    engine::Containers::CommitOptions options;
    options.reference = arguments.rest().size() > 1 ? arguments.rest()[1] : std::string();
    options.author = arguments.text("author");
    options.message = arguments.text("message");
    options.changes = arguments.texts("change");
    options.pause = arguments.on("pause") && !arguments.on("no-pause");
    const std::string& name = arguments.rest()[0];
    if (arguments.on("dry-run"))
        session.out(cat("Would commit ", session.engine().containers().inspect(name).name, "\n"));
    else
        session.out(session.engine().containers().commit(name, options) + "\n");
    return 0;
}

int cp(const Arguments& arguments, Session& session) {
    verbs::CopyOptions options;
    options.source = arguments.rest()[0];
    options.destination = arguments.rest()[1];
    if (options.destination == "-" && session.out_is_terminal)
        refuse("an archive cannot go to a terminal: redirect standard output, or name a file");
    options.archive = arguments.on("archive");
    options.follow_link = arguments.on("follow-link");
    options.dry_run = arguments.on("dry-run");
    options.folder = session.folder;
    options.out = session.out;
    if (options.source == "-") options.in = archive_in("-", session);
    if (arguments.on("quiet")) session.progress = "quiet";
    const auto progress = make_progress(session, "copy", options.dry_run);
    verbs::copy({}, session.engine(), options, *progress, session.scope);
    progress->finish();
    return 0;
}

int export_files(const Arguments& arguments, Session& session) {
    const std::string output = arguments.text("output");
    if (output.empty() && session.out_is_terminal)
        refuse("cowardly refusing to save to a terminal. Use the -o flag or redirect");
    engine::Containers& containers = session.engine().containers();
    const std::string id = containers.inspect(arguments.rest()[0]).id;
    if (arguments.on("dry-run")) return 0;
    if (output.empty())
        containers.export_(id, session.out);
    else
        write_in_place(session, output, [&](const ByteSink& sink) { containers.export_(id, sink); });
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
     .help = "Apply Dockerfile instruction to the created image",
     .type = "list"},
    {.name = "message", .letter = 'm', .kind = FlagKind::text, .help = "Commit message"},
    {.name = "no-pause", .help = "Do not pause the container during commit"},
    {.name = "pause", .letter = 'p', .help = "Pause container during commit", .fallback = "true", .hidden = true},
};
constexpr Flag cp_flags[] = {
    {.name = "archive", .letter = 'a', .help = "Archive mode (copy all uid/gid information)"},
    {.name = "follow-link", .letter = 'L', .help = "Always follow symbol link in SRC_PATH"},
    {.name = "quiet", .letter = 'q', .help = "Suppress progress output during copy"},
};
constexpr Flag export_flags[] = {
    {.name = "output", .letter = 'o', .kind = FlagKind::text, .help = "Write to a file, instead of STDOUT"},
};

}  // namespace

constinit const Command container_cp_command{
    .name = "container cp",
    .usage =
        "container cp [OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\ncontainer cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
    .help = "Copy files/folders between a container and the local filesystem",
    .flags = cp_flags,
    .run = cp,
    .least = 2,
    .most = 2,
    .reads_project = false,
    .docker = "cp",
};
constinit const Command container_commit_command{
    .name = "container commit",
    .usage = "container commit [OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
    .help = "Create a new image from a container's changes",
    .flags = commit_flags,
    .run = commit,
    .least = 1,
    .most = 2,
    .reads_project = false,
    .docker = "commit",
};
constinit const Command container_export_command{
    .name = "container export",
    .usage = "container export [OPTIONS] CONTAINER",
    .help = "Export a container's filesystem as a tar archive",
    .flags = export_flags,
    .run = export_files,
    .least = 1,
    .most = 1,
    .reads_project = false,
    .docker = "export",
};

}  // namespace tutti::cli
