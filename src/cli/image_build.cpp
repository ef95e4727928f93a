// image build: an image from a context and its Dockerfile, with docker build's flags.
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/up.h"
#include "engine/build.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Progress;

// "NAME=VALUE" apart; without '=', the value is nothing.
std::pair<std::string, std::optional<std::string>> split(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) return {text, std::nullopt};
    return {text.substr(0, equals), text.substr(equals + 1)};
}

void set_arguments(engine::BuildSpec& spec, const Arguments& arguments, const Session& session) {
    for (const std::string& text : arguments.texts("build-arg")) {
        auto [name, value] = split(text);
        if (value)
            spec.args[name] = *value;
        else if (session.environment.count(name) != 0)
            spec.args[name] = session.variable(name);
        else
            spec.inherited_args.push_back(name);
    }
    for (const std::string& text : arguments.texts("label")) {
        auto [name, value] = split(text);
        spec.labels[name] = value.value_or("");
    }
    for (const std::string& text : arguments.texts("build-context")) {
        auto [name, value] = split(text);
        if (!value) refuse(cat("invalid context value: ", text, ", expected key=value"));
        const bool local = value->find("://") == std::string::npos && !value->starts_with("git@");
        spec.contexts[name] = local ? session.place(*value) : *value;
    }
}

// id=NAME[,src=FILE | ,env=VARIABLE]; alone, a variable or file of that name.
engine::BuildSecret secret_of(const std::string& text, const Session& session) {
    engine::BuildSecret secret;
    std::string variable;
    for (const std::string_view part : base::split(text, ',')) {
        const auto [name, value] = split(std::string(part));
        if (name == "id" && value)
            secret.id = *value;
        else if ((name == "src" || name == "source") && value)
            secret.file = session.place(*value);
        else if (name == "env" && value)
            variable = *value;
        else if (name != "type")
            refuse(cat("--secret wants id=NAME,src=FILE or id=NAME,env=VARIABLE, not ", text));
    }
    if (secret.id.empty()) refuse(cat("--secret wants id=NAME, not ", text));
    if (secret.file.empty() && variable.empty()) {
        if (session.environment.count(secret.id) != 0)
            variable = secret.id;
        else
            secret.file = session.place(secret.id);
    }
    if (variable.empty()) return secret;
    secret.has_value = true;
    secret.environment_value = session.variable(variable);
    return secret;
}

engine::Ulimit ulimit_of(const std::string& text) {
    const auto [name, value] = split(text);
    const auto colon = value.value_or("").find(':');
    const auto soft = base::to_int(value.value_or("").substr(0, colon));
    const auto hard = colon == std::string::npos ? soft : base::to_int(value->substr(colon + 1));
    if (!soft || !hard) refuse(cat("--ulimit wants NAME=SOFT[:HARD], not ", text));
    return {name, *soft, *hard};
}

void set_run(engine::BuildSpec& spec, const Arguments& arguments, const Session& session) {
    for (const std::string& text : arguments.texts("secret")) spec.secrets.push_back(secret_of(text, session));
    for (const std::string& text : arguments.texts("ssh")) {
        auto [name, value] = split(text);
        spec.ssh[name] = value.value_or("");
    }
    for (std::string host : arguments.texts("add-host")) {
        const auto separator = host.find_first_of("=:");
        if (separator == std::string::npos) refuse(cat("bad format for add-host: \"", host, "\""));
        host[separator] = '=';
        spec.extra_hosts.push_back(host);
    }
    for (const std::string& text : arguments.texts("ulimit")) spec.ulimits.push_back(ulimit_of(text));
    if (const std::string size = arguments.text("shm-size"); !size.empty()) {
        const auto bytes = base::parse_bytes(size);
        if (!bytes) refuse(cat("--shm-size wants a size such as 64m, not ", size));
        spec.shm_size = bytes->count;
    }
    spec.network = arguments.text("network");
    spec.entitlements = arguments.texts("allow");
}

std::string context_of(const std::string& given, const Session& session) {
    const bool remote = given.find("://") != std::string::npos || given.starts_with("git@") || given == "-";
    return remote ? given : session.place(given);
}

engine::BuildSpec spec_of(const Arguments& arguments, const Session& session) {
    engine::BuildSpec spec;
    spec.context = context_of(arguments.rest()[0], session);
    if (spec.context == "-")
        throw base::Error(base::ErrorKind::unsupported, "a context on standard input is not supported",
                          "unpack it and name the folder");
    // As docker has it: seen from where the command is typed.
    if (const std::string file = arguments.text("file"); !file.empty()) spec.dockerfile = session.place(file);
    spec.tags = arguments.texts("tag");
    spec.target = arguments.text("target");
    spec.platform = arguments.text("platform");
    if (spec.platform.empty()) spec.platform = session.variable("DOCKER_DEFAULT_PLATFORM");
    spec.cache_from = arguments.texts("cache-from");
    spec.cache_to = arguments.texts("cache-to");
    spec.no_cache_filter = arguments.texts("no-cache-filter");
    spec.pull = arguments.on("pull");
    spec.no_cache = arguments.on("no-cache");
    spec.check_only = arguments.on("check");
    spec.quiet = arguments.on("quiet");
    spec.progress_id = cat("Image ", spec.tags.empty() ? arguments.rest()[0] : spec.tags.front());
    set_arguments(spec, arguments, session);
    set_run(spec, arguments, session);
    return spec;
}

int build(const Arguments& arguments, Session& session) {
    engine::BuildSpec spec = spec_of(arguments, session);
    engine::Builder* builder = session.engine().builder();
    if (!builder)
        throw base::Error(base::ErrorKind::unsupported, "this engine does not build images",
                          "build with --engine embedded, then: image save NAME | docker load");
    const auto progress = make_progress(session, "build");
    const bool silent = spec.quiet || session.progress == "quiet";
    const auto output = [&](std::string_view text) {
        if (!silent) session.err(text);
    };
    progress->progress({spec.progress_id, {}, Progress::State::working, "Building", {}});
    const std::string id = builder->build(spec, *progress, output, session.scope.cancel());
    progress->progress({spec.progress_id, {}, Progress::State::done, spec.check_only ? "Checked" : "Built", {}});
    if (arguments.on("push"))
        for (const std::string& tag : spec.tags)
            session.engine().images().push(tag, {.progress_id = cat("Image ", tag)}, *progress, session.scope.cancel());
    progress->finish();
    if (const std::string file = arguments.text("iidfile"); !file.empty()) session.write_file(session.place(file), id);
    if (spec.quiet && !id.empty()) session.out(id + "\n");
    return 0;
}

constexpr Flag flags[] = {
    {.name = "add-host",
     .kind = FlagKind::texts,
     .help = "Add a custom host-to-IP mapping (format: \"host:ip\")",
     .type = "HOST:IP"},
    {.name = "allow", .kind = FlagKind::texts, .help = "Allow extra privileged entitlement (e.g., \"network.host\")"},
    {.name = "build-arg", .kind = FlagKind::texts, .help = "Set build-time variables"},
    {.name = "build-context", .kind = FlagKind::texts, .help = "Additional build contexts (e.g., name=path)"},
    {.name = "cache-from", .kind = FlagKind::texts, .help = "External cache sources (e.g., \"user/app:cache\")"},
    {.name = "cache-to", .kind = FlagKind::texts, .help = "Cache export destinations"},
    {.name = "check", .help = "Check the Dockerfile, build nothing"},
    {.name = "file",
     .letter = 'f',
     .kind = FlagKind::text,
     .help = "Name of the Dockerfile (default: \"PATH/Dockerfile\")"},
    {.name = "iidfile", .kind = FlagKind::text, .help = "Write the image ID to a file"},
    {.name = "label", .kind = FlagKind::texts, .help = "Set metadata for an image"},
    {.name = "network", .kind = FlagKind::text, .help = "Networking mode of RUN: default, none or host"},
    {.name = "no-cache", .help = "Do not use cache when building the image"},
    {.name = "no-cache-filter", .kind = FlagKind::words, .help = "Do not cache specified stages"},
    {.name = "platform", .kind = FlagKind::text, .help = "Platform of the image"},
    {.name = "pull", .help = "Always attempt to pull all referenced images"},
    {.name = "push", .help = "Push the image when it is built"},
    {.name = "quiet", .letter = 'q', .help = "Suppress the build output and print image ID on success"},
    {.name = "secret",
     .kind = FlagKind::texts,
     .help = "Secret of the build (id=NAME,src=FILE or id=NAME,env=VARIABLE)"},
    {.name = "shm-size", .kind = FlagKind::text, .help = "Size of \"/dev/shm\""},
    {.name = "ssh", .kind = FlagKind::texts, .help = "SSH agent socket or keys (default|ID[=SOCKET|KEY])"},
    {.name = "tag", .letter = 't', .kind = FlagKind::texts, .help = "Name of the image (name:tag)"},
    {.name = "target", .kind = FlagKind::text, .help = "Set the target build stage to build"},
    {.name = "ulimit", .kind = FlagKind::texts, .help = "Ulimit of RUN (NAME=SOFT[:HARD])"},
};

}  // namespace

constinit const Command image_build_command{
    .name = "image build",
    .usage = "image build [OPTIONS] PATH | URL",
    .help = "Build an image from a Dockerfile",
    .flags = flags,
    .run = build,
    .least = 1,
    .most = 1,
    .reads_project = false,
};

}  // namespace tutti::cli
