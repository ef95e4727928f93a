#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "cli/up.h"

namespace tutti::cli {

namespace {

int down(const Arguments& arguments, Session& session) {
    verbs::DownOptions options;
    options.images = arguments.text("rmi");
    if (!options.images.empty() && options.images != "all" && options.images != "local")
        refuse(base::cat("invalid value for --rmi: \"", options.images, "\""));
    const auto subject = project_or_name(arguments, session, arguments.rest());
    if (!subject) return 1;
    options.remove_orphans = arguments.given("remove-orphans") ? arguments.on("remove-orphans")
                                                               : is_true(session.variable("COMPOSE_REMOVE_ORPHANS"));
    options.volumes = arguments.on("volumes") || arguments.on("volume");
    options.timeout = timeout(arguments);
    const auto progress = make_progress(session, "down", arguments.on("dry-run"));
    verbs::down(subject->target(arguments.rest()), session.engine(), options, limits(arguments, session), *progress,
                session.scope);
    progress->finish();
    return 0;
}

constexpr Flag flags[] = {
    {.name = "remove-orphans", .help = "Remove containers for services not defined in the Compose file"},
    {.name = "rmi",
     .kind = FlagKind::text,
     .help = "Remove images used by services. \"local\" remove only images that don't have a custom tag "
             "(\"local\"|\"all\")"},
    {.name = "timeout",
     .letter = 't',
     .kind = FlagKind::integer,
     .help = "Specify a shutdown timeout in seconds",
     .fallback = "0"},
    {.name = "volume", .help = "", .hidden = true, .deprecated = "please use --volumes"},
    {.name = "volumes",
     .letter = 'v',
     .help = "Remove named volumes declared in the \"volumes\" section of the Compose file and anonymous volumes "
             "attached to "
             "containers"},
};

}  // namespace

constinit const Command down_command{
    .name = "down",
    .usage = "down [OPTIONS] [SERVICES]",
    .help = "Stop and remove containers, networks",
    .flags = flags,
    .run = down,
};

}  // namespace tutti::cli
