#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace tutti::cli {

namespace {

constexpr std::string_view speaks = "5.5.0";  // the Docker Compose whose files, flags and output we follow

// Called as docker-compose we name the version that scripts ask for, else our own.
int version(const Arguments& arguments, Session& session) {
    const bool as_compose = session.program != "tutti";
    const std::string format = base::to_lower(arguments.text("format"));
    if (arguments.on("short"))
        session.out(base::cat(as_compose ? speaks : session.version, "\n"));
    else if (format == "json" && as_compose)
        session.out(base::cat("{\"version\":\"v", speaks, "\"}\n"));
    else if (format == "json")
        session.out(base::cat("{\"version\":\"", session.version, "\",\"compose\":\"v", speaks, "\"}\n"));
    else if (as_compose)
        session.out(base::cat("Docker Compose version v", speaks, "\n"));
    else
        session.out(base::cat("tutti version ", session.version, " (follows Docker Compose v", speaks, ")\n"));
    return 0;
}

constexpr Flag flags[] = {
    {.name = "format",
     .letter = 'f',
     .kind = FlagKind::text,
     .help = "Format the output. Values: [pretty | json]. (Default: pretty)"},
    {.name = "short", .help = "Shows only the version number"},
};

}  // namespace

constinit const Command version_command{
    .name = "version",
    .usage = "version [OPTIONS]",
    .help = "Show the version",
    .flags = flags,
    .run = version,
    .most = 0,
    .heeds_global_flags = false,
    .reads_project = false,
};

}  // namespace tutti::cli
