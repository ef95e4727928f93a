#include "verbs/why.h"

#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "cli/up.h"

namespace tutti::cli {

namespace {

int why(const Arguments& arguments, Session& session) {
    if (arguments.number("lines") < 0) refuse("--lines must be a non-negative integer");
    const auto subject = project_or_name(arguments, session, {});
    if (!subject) return 1;
    const auto progress = make_progress(session, "why");
    verbs::WhyOptions options;
    options.log_lines = arguments.number("lines");
    options.host_is_here = !session.engine_is_here || session.engine_is_here();
    options.reconcile = create_options(arguments, session, *progress).reconcile;
    options.now = std::chrono::system_clock::now();
    // The configuration is compared as `up` would have it: with environments resolved.
    auto whole = subject->project ? whole_project(arguments, session, {}) : std::nullopt;
    std::string text;
    for (const std::string& service : arguments.rest())
        text += base::cat(text.empty() ? "" : "\n", verbs::why(subject->name, whole ? &*whole : nullptr, service,
                                                               session.engine(), options, session.scope.cancel()));
    progress->finish();
    session.out(text);
    return 0;
}

constexpr Flag flags[] = {
    {.name = "lines",
     .letter = 'n',
     .kind = FlagKind::integer,
     .help = "Number of lines to show from the end of the logs",
     .fallback = "10"},
};

}  // namespace

constinit const Command why_command{
    .name = "why",
    .usage = "why [OPTIONS] SERVICE...",
    .help = "Show what state a service is in and how it got there",
    .flags = flags,
    .run = why,
    .least = 1,
};

}  // namespace tutti::cli
