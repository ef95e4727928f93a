#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/target.h"
#include "verbs/build.h"

namespace tutti::cli {

namespace {

using base::cat;

int build(const Arguments& arguments, Session& session) {
    compose::LoadOptions load = load_options(arguments, session);
    load.services = arguments.rest();
    load.resolve_environment = false;
    const auto loaded = load_project(load, arguments, session);
    if (!loaded) return 1;
    if (arguments.on("print"))
        throw base::Error(base::ErrorKind::unsupported,
                          "build --print is not supported: there is no bake file behind a build here");
    for (const std::string_view flag : {"builder", "memory"})
        if (!arguments.text(flag).empty())
            throw base::Error(base::ErrorKind::unsupported, cat("build --", flag, " is not supported"), "leave it out");

    verbs::BuildOptions options = build_options(session, arguments.on("quiet"));
    options.pull = arguments.on("pull");
    options.push = arguments.on("push");
    options.no_cache = arguments.on("no-cache");
    options.check = arguments.on("check");
    options.with_dependencies = arguments.on("with-dependencies");
    options.ssh = arguments.text("ssh");
    options.provenance = arguments.text("provenance");
    options.sbom = arguments.text("sbom");
    for (const auto& text : arguments.texts("build-arg")) {
        const auto equals = text.find('=');
        if (equals == std::string::npos)
            options.inherited_args.push_back(text);
        else
            options.args[text.substr(0, equals)] = text.substr(equals + 1);
    }
    const auto progress = make_progress(session, "build", arguments.on("dry-run"));
    if (arguments.on("dry-run")) {
        for (const auto& [name, service] : loaded->project.services)
            if (service.build)
                progress->progress({cat("Image ", state::image_of(service, loaded->project.name)),
                                    {},
                                    base::Progress::State::done,
                                    "Built",
                                    {}});
    } else {
        verbs::build(loaded->project, arguments.rest(), options, session.engine(), *progress, session.scope);
    }
    progress->finish();
    return 0;
}

constexpr Flag flags[] = {
    {.name = "build-arg", .kind = FlagKind::texts, .help = "Set build-time variables for services"},
    {.name = "builder", .kind = FlagKind::text, .help = "Set builder to use"},
    {.name = "check", .help = "Check build configuration"},
    {.name = "memory",
     .letter = 'm',
     .kind = FlagKind::text,
     .help = "Set memory limit for the build container. Not supported by BuildKit."},
    {.name = "no-cache", .help = "Do not use cache when building the image"},
    {.name = "print", .help = "Print equivalent bake file"},
    {.name = "provenance", .kind = FlagKind::text, .help = "Add a provenance attestation"},
    {.name = "pull", .help = "Always attempt to pull a newer version of the image"},
    {.name = "push", .help = "Push service images"},
    {.name = "quiet", .letter = 'q', .help = "Suppress the build output"},
    {.name = "sbom", .kind = FlagKind::text, .help = "Add a SBOM attestation"},
    {.name = "ssh",
     .kind = FlagKind::text,
     .help =
         "Set SSH authentications used when building service images. (use 'default' for using your default SSH Agent)"},
    {.name = "with-dependencies", .help = "Also build dependencies (transitively)"},
    {.name = "compress", .help = "", .hidden = true, .deprecated = "it has no effect"},
    {.name = "force-rm", .help = "", .hidden = true, .deprecated = "it has no effect"},
    {.name = "no-rm", .help = "", .hidden = true, .deprecated = "it has no effect"},
    {.name = "parallel", .help = "", .fallback = "true", .hidden = true, .deprecated = "use the global --parallel"},
    {.name = "progress", .kind = FlagKind::text, .help = "", .hidden = true, .deprecated = "use the global --progress"},
};

}  // namespace

verbs::BuildOptions build_options(Session& session, bool quiet) {
    verbs::BuildOptions options;
    options.quiet = quiet;
    options.parallel = session.parallel < 0 ? 0 : static_cast<std::size_t>(session.parallel);
    if (!quiet && session.progress != "quiet")
        // Scripts read the steps on standard output; on a terminal they scroll by above the progress.
        options.output = [&session](std::string_view text) {
            session.err_is_terminal ? session.err(text) : session.out(text);
        };
    return options;
}

constinit const Command build_command{
    .name = "build",
    .usage = "build [OPTIONS] [SERVICE...]",
    .help = "Build or rebuild services",
    .flags = flags,
    .run = build,
};

}  // namespace tutti::cli
