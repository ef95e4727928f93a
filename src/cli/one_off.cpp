// The command `run`.
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/stdio.h"
#include "cli/target.h"
#include "cli/up.h"
#include "compose/dotenv.h"
#include "model/read.h"
#include "model/short_form.h"
#include "os/random.h"
#include "verbs/run.h"

namespace tutti::cli {

namespace {

using base::cat;

// Values of -e win over those of files; a bare name takes the value that interpolation would see.
std::vector<std::pair<std::string, std::string>> environment(const Arguments& arguments, Session& session,
                                                             const model::Project& project) {
    std::map<std::string, std::string> all;
    for (const std::string& path : arguments.texts("env-from-file")) {
        doc::Sources sources;
        doc::Diagnostics diagnostics;
        compose::Environment read;
        const std::string text = session.files.read(session.place(path));
        const compose::Lookup none = [](std::string_view) -> const compose::Variable* { return nullptr; };
        compose::read_dotenv(text, sources.add(path, text), none, read, diagnostics);
        if (diagnostics.failed()) refuse(doc::to_text(diagnostics, sources));
        for (const auto& [key, variable] : read) all.emplace(key, variable.value);
    }
    for (const std::string& entry : arguments.texts("env")) {
        const auto equals = entry.find('=');
        const std::string key = entry.substr(0, equals);
        if (equals != std::string::npos)
            all.insert_or_assign(key, entry.substr(equals + 1));
        else if (const auto known = project.environment.find(key); known != project.environment.end())
            all.insert_or_assign(key, known->second);
    }
    return {all.begin(), all.end()};
}

// A flag that goes by two names, as Compose has it.
std::vector<std::string> both(const Arguments& arguments, std::string_view one, std::string_view other) {
    std::vector<std::string> all = arguments.texts(one);
    for (std::string& more : arguments.texts(other)) all.push_back(std::move(more));
    return all;
}

std::vector<std::pair<std::string, std::string>> labels(const Arguments& arguments) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const std::string& entry : both(arguments, "label", "labels")) {
        const auto equals = entry.find('=');
        if (equals == std::string::npos) refuse("label must be set as KEY=VALUE");
        all.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return all;
}

bool wants_tty(const Arguments& arguments, const Session& session) {
    const bool no_tty = arguments.given("no-tty") || arguments.given("no-TTY");
    if (arguments.given("tty")) {
        if (no_tty) refuse("--tty and --no-tty can't be used together");
        return arguments.on("tty");
    }
    if (no_tty) return !(arguments.on("no-tty") || arguments.on("no-TTY"));
    if (!arguments.given("interactive") && !session.in_is_terminal) return false;
    return session.out_is_terminal;
}

// Ports and volumes of the command line, in the short forms of the files.
void apply(const Arguments& arguments, const Session& session, model::Service& service) {
    if (!arguments.on("service-ports")) {
        service.ports.clear();
        for (const std::string& text : arguments.texts("publish")) {
            model::Parsed<std::vector<model::Port>> ports = model::parse_ports(text);
            if (!ports) refuse(ports.fault);
            for (model::Port& port : ports.value) service.ports.push_back(std::move(port));
        }
    }
    for (const std::string& text : both(arguments, "volume", "volumes")) {
        model::Parsed<model::Mount> mount = model::parse_mount(text);
        if (!mount) refuse(mount.fault);
        std::string& source = mount.value.source;
        if (mount.value.type == "bind" && source.starts_with('~')) source = session.variable("HOME") + source.substr(1);
        if (mount.value.type == "bind" && !source.starts_with('/'))
            source = base::path::absolute(source, session.folder);
        service.volumes.push_back(std::move(mount.value));
    }
}

int run_one_off(const Arguments& arguments, Session& session) {
    if (!arguments.texts("publish").empty() && arguments.on("service-ports"))
        refuse("--service-ports and --publish are incompatible");
    verbs::RunOptions options;
    options.service = arguments.rest()[0];
    options.command.assign(arguments.rest().begin() + 1, arguments.rest().end());
    options.tty = wants_tty(arguments, session);
    if (arguments.given("entrypoint")) {
        const auto words = model::split_command(arguments.text("entrypoint"));
        if (!words) refuse(cat("invalid command line string: ", arguments.text("entrypoint")));
        options.has_entrypoint = true;
        options.entrypoint = words->words;
    }
    auto project = whole_project(arguments, session, {options.service});
    if (!project) return 1;
    if (!project->services.count(options.service))
        throw base::Error(base::ErrorKind::not_found, cat("no such service: ", options.service));
    apply(arguments, session, project->services.at(options.service));
    apply_pull(*project, arguments);
    options.environment = environment(arguments, session, *project);
    options.labels = labels(arguments);
    options.name = arguments.text("name");
    options.slug = os::random_hex(32);
    options.cap_add = arguments.texts("cap-add");
    options.cap_drop = arguments.texts("cap-drop");
    options.user = arguments.text("user");
    options.working_dir = arguments.text("workdir");
    options.detach = arguments.on("detach");
    options.auto_remove = arguments.on("rm");
    options.interactive = arguments.on("interactive");
    options.aliases = arguments.on("use-aliases");
    options.no_deps = arguments.on("no-deps");

    if (arguments.on("quiet")) session.progress = "quiet";
    const auto progress = make_progress(session, "run", arguments.on("dry-run"));
    verbs::CreateOptions create = create_options(arguments, session, *progress);
    create.reconcile.remove_orphans = arguments.on("remove-orphans");
    create.ignore_orphans = is_true(session.variable("COMPOSE_IGNORE_ORPHANS"));
    create.quiet_pull = arguments.on("quiet-pull");
    const JoinedStdio joined(session);
    return verbs::run(std::move(*project), session.engine(), options, create, joined.stdio(), *progress, session.scope,
                      [&] { progress->finish(); });
}

constexpr Flag flags[] = {
    {.name = "build", .help = "Build image before starting container"},
    {.name = "cap-add", .kind = FlagKind::texts, .help = "Add Linux capabilities"},
    {.name = "cap-drop", .kind = FlagKind::texts, .help = "Drop Linux capabilities"},
    {.name = "detach", .letter = 'd', .help = "Run container in background and print container ID"},
    {.name = "entrypoint", .kind = FlagKind::text, .help = "Override the entrypoint of the image"},
    {.name = "env", .letter = 'e', .kind = FlagKind::texts, .help = "Set environment variables"},
    {.name = "env-from-file", .kind = FlagKind::texts, .help = "Set environment variables from file"},
    {.name = "interactive", .letter = 'i', .help = "Keep STDIN open even if not attached", .fallback = "true"},
    {.name = "label", .letter = 'l', .kind = FlagKind::texts, .help = "Add or override a label"},
    {.name = "labels", .kind = FlagKind::texts, .help = "", .hidden = true},
    {.name = "name", .kind = FlagKind::text, .help = "Assign a name to the container"},
    {.name = "no-deps", .help = "Don't start linked services"},
    {.name = "no-tty", .letter = 'T', .help = "Disable pseudo-TTY allocation (default: auto-detected)"},
    {.name = "no-TTY", .help = "", .hidden = true},
    {.name = "publish", .letter = 'p', .kind = FlagKind::texts, .help = "Publish a container's port(s) to the host"},
    {.name = "pull",
     .kind = FlagKind::text,
     .help = "Pull image before running (\"always\"|\"missing\"|\"never\")",
     .fallback = "policy"},
    {.name = "quiet", .letter = 'q', .help = "Don't print anything to STDOUT"},
    {.name = "quiet-build", .help = "Suppress progress output from the build process"},
    {.name = "quiet-pull", .help = "Pull without printing progress information"},
    {.name = "remove-orphans", .help = "Remove containers for services not defined in the Compose file"},
    {.name = "rm", .help = "Automatically remove the container when it exits"},
    {.name = "service-ports",
     .letter = 'P',
     .help = "Run command with all service's ports enabled and mapped to the host"},
    {.name = "tty", .letter = 't', .help = "Allocate a pseudo-TTY", .fallback = "true", .hidden = true},
    {.name = "use-aliases", .help = "Use the service's network useAliases in the network(s) the container connects to"},
    {.name = "user", .letter = 'u', .kind = FlagKind::text, .help = "Run as specified username or uid"},
    {.name = "volume", .letter = 'v', .kind = FlagKind::texts, .help = "Bind mount a volume"},
    {.name = "volumes", .kind = FlagKind::texts, .help = "", .hidden = true},
    {.name = "workdir", .letter = 'w', .kind = FlagKind::text, .help = "Working directory inside the container"},
};

}  // namespace

constinit const Command run_command{
    .name = "run",
    .usage = "run [OPTIONS] SERVICE [COMMAND] [ARGS...]",
    .help = "Run a one-off command on a service",
    .flags = flags,
    .run = run_one_off,
    .least = 1,
    .options_end_at_first_argument = true,
};

}  // namespace tutti::cli
