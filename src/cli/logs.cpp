#include "verbs/logs.h"

#include "base/duration.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/log_face.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "cli/up.h"
#include "cli/when.h"

namespace tutti::cli {

namespace {

using base::cat;

int logs(const Arguments& arguments, Session& session) {
    verbs::LogsOptions options;
    options.index = static_cast<int>(arguments.number("index"));
    if (options.index > 0 && arguments.rest().size() != 1) refuse("--index requires one service to be selected");
    options.follow = arguments.on("follow");
    options.since = parse_when(arguments.text("since"));
    options.until = parse_when(arguments.text("until"));
    options.grep = arguments.text("grep");
    if (const std::string tail = arguments.text("tail"); tail != "all") {
        const auto lines = base::to_int(tail);
        if (!lines) refuse(cat("invalid --tail value \"", tail, "\": a number of lines, or all"));
        options.tail = *lines;
    }
    const auto subject = project_or_name(arguments, session, arguments.rest());
    if (!subject) return 1;
    const auto progress = make_progress(session, "logs");
    LogFace face(session, {!arguments.on("no-color"), !arguments.on("no-log-prefix"), arguments.on("timestamps")});
    try {
        verbs::logs(subject->target(arguments.rest()), session.engine(), options, *progress, face, session.scope);
    } catch (...) {
        progress->finish();
        throw;
    }
    progress->finish();
    return 0;
}

constexpr Flag flags[] = {
    {.name = "follow", .letter = 'f', .help = "Follow log output"},
    {.name = "grep", .kind = FlagKind::text, .help = "Show only lines that contain this text"},
    {.name = "index",
     .kind = FlagKind::integer,
     .help = "index of the container if service has multiple replicas",
     .fallback = "0"},
    {.name = "no-color", .help = "Produce monochrome output"},
    {.name = "no-log-prefix", .help = "Don't print prefix in logs"},
    {.name = "since",
     .kind = FlagKind::text,
     .help = "Show logs since timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)"},
    {.name = "tail",
     .letter = 'n',
     .kind = FlagKind::text,
     .help = "Number of lines to show from the end of the logs for each container",
     .fallback = "all"},
    {.name = "timestamps", .letter = 't', .help = "Show timestamps"},
    {.name = "until",
     .kind = FlagKind::text,
     .help = "Show logs before a timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)"},
};

}  // namespace

engine::Time parse_when(const std::string& text) {
    if (text.empty()) return {};
    if (const auto ago = base::parse_go_duration(text))
        return std::chrono::system_clock::now() - std::chrono::duration_cast<engine::Time::duration>(*ago);
    if (const auto time = base::parse_rfc3339(text)) return *time;
    // A date, a minute, or seconds since 1970 with a fraction.
    for (const std::string_view rest : {"T00:00:00Z", ":00Z", "Z"})
        if (const auto time = base::parse_rfc3339(cat(text, rest))) return *time;
    const auto dot = text.find('.');
    if (const auto seconds = base::to_int(text.substr(0, dot))) {
        std::int64_t nanoseconds = 0;
        if (dot != std::string::npos) {
            std::string fraction = text.substr(dot + 1, 9);
            fraction.resize(9, '0');
            nanoseconds = base::to_int(fraction).value_or(0);
        }
        return engine::Time(std::chrono::duration_cast<engine::Time::duration>(std::chrono::seconds(*seconds) +
                                                                               std::chrono::nanoseconds(nanoseconds)));
    }
    refuse(
        cat("invalid time \"", text, "\": write 2026-01-02T13:23:37Z, seconds since 1970, or 42m for 42 minutes ago"));
}

constinit const Command logs_command{
    .name = "logs",
    .usage = "logs [OPTIONS] [SERVICE...]",
    .help = "View output from containers",
    .flags = flags,
    .run = logs,
    .outside = "container logs",
};

}  // namespace tutti::cli
