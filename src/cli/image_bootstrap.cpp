// image bootstrap: an image out of the distribution's packages.
#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/single.h"
#include "cli/up.h"
#include "engine/bootstrap.h"
#include "model/read.h"

namespace tutti::cli {

namespace {

using base::cat;

std::vector<std::string> words_of(const Arguments& arguments, std::string_view flag) {
    const std::string text = arguments.text(flag);
    const auto line = model::split_command(text);
    if (!line || !line->dropped.empty()) refuse(cat("--", flag, " is no command line: ", text));
    return line->words;
}

std::pair<std::string, std::string> copy_of(const Session& session, const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == text.size() || text[colon + 1] != '/')
        refuse(cat("--copy wants SRC:DST with an absolute DST, not ", text));
    return {session.place(text.substr(0, colon)), text.substr(colon + 1)};
}

int bootstrap(const Arguments& arguments, Session& session) {
    engine::BootstrapSpec spec;
    spec.reference = arguments.rest()[0];
    spec.suite = arguments.text("suite");
    spec.variant = arguments.text("variant");
    spec.mirror = arguments.text("mirror");
    spec.components = arguments.texts("components");
    spec.include = arguments.texts("include");
    spec.run = arguments.texts("run");
    for (const std::string& text : arguments.texts("copy")) spec.copy.push_back(copy_of(session, text));
    spec.entrypoint = words_of(arguments, "entrypoint");
    spec.command = words_of(arguments, "cmd");
    spec.env = arguments.texts("env");
    for (const std::string& text : spec.env)
        if (text.find('=') == std::string::npos) refuse(cat("--env wants NAME=VALUE, not ", text));
    spec.user = arguments.text("user");
    spec.working_dir = arguments.text("workdir");
    spec.stop_signal = arguments.text("stop-signal");
    for (const std::string& port : arguments.texts("port"))
        spec.exposed_ports.push_back(port.find('/') == std::string::npos ? port + "/tcp" : port);
    spec.volumes = arguments.texts("volume");
    spec.labels = keys_and_values(arguments.texts("label"));
    spec.refresh = arguments.on("refresh");
    for (const std::string_view name : {"http_proxy", "https_proxy", "no_proxy"})
        if (const std::string value = session.variable(name); !value.empty())
            spec.environment.push_back(cat(name, "=", value));

    engine::Bootstrapper* bootstrapper = session.engine().bootstrapper();
    if (!bootstrapper)
        throw base::Error(base::ErrorKind::unsupported, "this engine cannot make images from packages",
                          cat("make it with --engine embedded, then: ", session.program,
                              " --engine embedded image save ", spec.reference, " | docker load"));
    const auto progress = make_progress(session, "bootstrap", arguments.on("dry-run"));
    const std::string id =
        arguments.on("dry-run") ? "" : bootstrapper->bootstrap(spec, *progress, session.scope.cancel());
    progress->finish();
    if (!id.empty()) session.out(id + "\n");
    return 0;
}

constexpr Flag flags[] = {
    {.name = "cmd", .kind = FlagKind::text, .help = "Default command, as a command line"},
    {.name = "components", .kind = FlagKind::words, .help = "Components of the distribution (default main)"},
    {.name = "copy",
     .kind = FlagKind::texts,
     .help = "Copy a file, or a folder's content, into the image",
     .type = "SRC:DST"},
    {.name = "entrypoint", .kind = FlagKind::text, .help = "Entrypoint, as a command line"},
    {.name = "env", .letter = 'e', .kind = FlagKind::texts, .help = "Environment variable NAME=VALUE"},
    {.name = "include", .kind = FlagKind::words, .help = "Packages to install", .type = "PACKAGE,..."},
    {.name = "label", .kind = FlagKind::texts, .help = "Label NAME=VALUE"},
    {.name = "mirror", .kind = FlagKind::text, .help = "URL of a mirror (default: Debian's)"},
    {.name = "port", .kind = FlagKind::texts, .help = "Port that the image listens on, 80 or 53/udp"},
    {.name = "refresh", .help = "Make it anew, though it was made before with the same parameters"},
    {.name = "run",
     .kind = FlagKind::texts,
     .help = "Shell command to run inside, after the packages and the copies",
     .type = "COMMAND"},
    {.name = "stop-signal", .kind = FlagKind::text, .help = "Signal that stops the container"},
    {.name = "suite", .kind = FlagKind::text, .help = "Release of the distribution", .fallback = "bookworm"},
    {.name = "user", .letter = 'u', .kind = FlagKind::text, .help = "User that the container runs as"},
    {.name = "variant",
     .kind = FlagKind::text,
     .help = "How much of the base is in: extract, custom, essential, apt, minbase, …",
     .fallback = "minbase"},
    {.name = "volume", .kind = FlagKind::texts, .help = "Path of a volume"},
    {.name = "workdir", .letter = 'w', .kind = FlagKind::text, .help = "Working directory"},
};

}  // namespace

constinit const Command image_bootstrap_command{
    .name = "image bootstrap",
    .usage = "image bootstrap [OPTIONS] NAME[:TAG]",
    .help = "Make an image from Debian's packages, without any registry (needs mmdebstrap and root)",
    .flags = flags,
    .run = bootstrap,
    .least = 1,
    .most = 1,
    .reads_project = false,
};

}  // namespace tutti::cli
