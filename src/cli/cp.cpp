#include "cli/archive_in.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "cli/up.h"
#include "verbs/copy.h"

namespace tutti::cli {

namespace {

int cp(const Arguments& arguments, Session& session) {
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    verbs::CopyOptions options;
    options.source = arguments.rest()[0];
    options.destination = arguments.rest()[1];
    if (options.destination == "-" && session.out_is_terminal)
        refuse("an archive cannot go to a terminal: redirect standard output, or name a file");
    options.index = static_cast<int>(arguments.number("index"));
    options.all = arguments.on("all");
    options.archive = arguments.on("archive");
    options.follow_link = arguments.on("follow-link");
    options.dry_run = arguments.on("dry-run");
    options.folder = session.folder;
    options.parallel = limits(arguments, session).parallel;
    options.out = session.out;
    if (options.source == "-") options.in = archive_in("-", session);
    const auto progress = make_progress(session, "copy", options.dry_run);
    verbs::copy(*name, session.engine(), options, *progress, session.scope);
    progress->finish();
    return 0;
}

constexpr Flag flags[] = {
    {.name = "all", .help = "Include containers created by the run command"},
    {.name = "archive", .letter = 'a', .help = "Archive mode (copy all uid/gid information)"},
    {.name = "follow-link", .letter = 'L', .help = "Always follow symbol link in SRC_PATH"},
    {.name = "index",
     .kind = FlagKind::integer,
     .help = "Index of the container if service has multiple replicas",
     .fallback = "0"},
};

}  // namespace

constinit const Command cp_command{
    .name = "cp",
    .usage = "cp [OPTIONS] SERVICE:SRC_PATH DEST_PATH|-\ncp [OPTIONS] SRC_PATH|- SERVICE:DEST_PATH",
    .help = "Copy files/folders between a service container and the local filesystem",
    .flags = flags,
    .run = cp,
    .least = 2,
    .most = 2,
    .outside = "container cp",
};

}  // namespace tutti::cli
