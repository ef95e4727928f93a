// image build: a Dockerfile and its context become an image, with docker build's flags.
#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/run_values.h"
#include "cli/single.h"
#include "cli/target.h"
#include "engine/build.h"
#include "os/file.h"

namespace tutti::cli {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;

struct Refusal {
    std::string_view flag, hint;
};

constexpr Refusal refusals[] = {
    {"annotation", "--label puts words into the image"},
    {"attest", "leave it out"},
    {"builder", "there is one builder, in this program"},
    {"call", "--check is the one call there is"},
    {"cgroup-parent", "leave it out"},
    {"isolation", "it is for Windows"},
    {"memory", "steps of a build have no limits of their own"},
    {"memory-swap", "steps of a build have no limits of their own"},
    {"metadata-file", "--iidfile writes the image's id"},
    {"security-opt", "--allow security.insecure and RUN --security=insecure give rights to a step"},
    {"squash", "build from fewer steps, or with several stages"},
};

void refuse_flags(const Arguments& arguments) {
    for (const Refusal& refusal : refusals)
        if (arguments.given(refusal.flag))
            throw Error(ErrorKind::unsupported, cat("image build --", refusal.flag, " is not supported"),
                        std::string(refusal.hint));
    for (const std::string& output : arguments.texts("output")) {
        const auto fields = csv_fields(output);
        const bool here = std::ranges::all_of(fields, [](const std::string& field) {
            return field == "type=docker" || field == "type=image" || field == "push=false";
        });
        if (!here)
            throw Error(ErrorKind::unsupported, cat("image build --output ", output, " is not supported"),
                        "the image is kept here; `image save` and `container export` write files of it");
    }
}

// id=NAME[,src=PATH|,env=VARIABLE]; a plain path's name is its id.
engine::BuildSecret parse_secret(const std::string& text, const Session& session) {
    engine::BuildSecret out;
    std::string type, source, variable;
    for (const std::string& field : csv_fields(text)) {
        const auto [key, value] = key_and_value(field);
        if (key == "id")
            out.id = value;
        else if (key == "type")
            type = value;
        else if (key == "src" || key == "source")
            source = value;
        else if (key == "env")
            variable = value;
        else
            throw Error(ErrorKind::invalid,
                        cat("invalid argument \"", text, "\" for \"--secret\" flag: unexpected key '", key, "'"),
                        "as id=token,src=token.txt or id=token,env=TOKEN");
    }
    if (out.id.empty())
        throw Error(ErrorKind::invalid, cat("invalid argument \"", text, "\" for \"--secret\" flag: id is required"));
    if (type == "env" && variable.empty()) variable = source.empty() ? out.id : source;
    // Without either, a variable of that name comes before a file of that name.
    if (variable.empty() && source.empty() && session.environment.contains(out.id)) variable = out.id;
    if (variable.empty()) {
        out.file = session.place(source.empty() ? out.id : source);
    } else {
        out.has_value = true;
        out.environment_value = session.variable(variable);
    }
    return out;
}

void read_values(const Arguments& arguments, const Session& session, engine::BuildSpec& spec) {
    for (const std::string& text : arguments.texts("build-arg")) {
        const auto known = session.environment.find(text);
        if (text.find('=') != std::string::npos)
            spec.args.insert_or_assign(key_and_value(text).first, key_and_value(text).second);
        else if (known != session.environment.end())
            spec.args.insert_or_assign(text, known->second);
        else
            spec.inherited_args.push_back(text);
    }
    for (const std::string& text : arguments.texts("build-context")) {
        const auto [name, where] = key_and_value(text);
        if (where.empty())
            throw Error(ErrorKind::invalid, cat("invalid context value: ", text, ", expected key=value"));
        const bool is_path = where.find("://") == std::string::npos;
        spec.contexts.insert_or_assign(name, is_path ? session.place(where) : where);
    }
    for (const std::string& text : arguments.texts("secret")) spec.secrets.push_back(parse_secret(text, session));
    for (const std::string& text : arguments.texts("ssh"))
        spec.ssh.insert_or_assign(key_and_value(text).first, key_and_value(text).second);
    for (const std::string& text : arguments.texts("ulimit")) spec.ulimits.push_back(parse_ulimit_flag(text));
    spec.labels = keys_and_values(arguments.texts("label"));
    for (const std::string& host : arguments.texts("add-host")) {
        const auto at = host.find_first_of(":=");
        if (at == std::string::npos || at == 0)
            throw Error(ErrorKind::invalid, cat("bad format for add-host: \"", host, "\""), "as db:10.0.0.5");
        spec.extra_hosts.push_back(cat(host.substr(0, at), "=", host.substr(at + 1)));
    }
}

engine::BuildSpec build_spec(const Arguments& arguments, const Session& session) {
    engine::BuildSpec spec;
    spec.tags = arguments.texts("tag");
    spec.target = arguments.text("target");
    spec.network = arguments.text("network") == "default" ? std::string() : arguments.text("network");
    spec.platforms = arguments.texts("platform");
    spec.platform = spec.platforms.empty() ? session.variable("DOCKER_DEFAULT_PLATFORM") : std::string();
    spec.cache_from = arguments.texts("cache-from");
    spec.cache_to = arguments.texts("cache-to");
    spec.no_cache_filter = arguments.texts("no-cache-filter");
    spec.entitlements = arguments.texts("allow");
    spec.shm_size = parse_bytes_flag("shm-size", arguments.text("shm-size"));
    spec.pull = arguments.on("pull");
    spec.no_cache = arguments.on("no-cache");
    spec.check_only = arguments.on("check");
    spec.quiet = arguments.on("quiet");
    spec.provenance = arguments.text("provenance");
    spec.sbom = arguments.text("sbom");
    spec.progress_id = cat("Image ", spec.tags.empty() ? std::string("without a name") : spec.tags.front());
    read_values(arguments, session, spec);
    return spec;
}

bool is_archive(std::string_view bytes) {
    return bytes.starts_with("\x1f\x8b") || bytes.starts_with("BZh") || bytes.starts_with("\x28\xb5\x2f\xfd") ||
           (bytes.size() > 262 && bytes.substr(257, 5) == "ustar");
}

// The context and the Dockerfile: folders and files, or what comes on standard input.
void read_sources(const Arguments& arguments, const Session& session, engine::BuildSpec& spec,
                  std::optional<os::TempFolder>& empty_context) {
    const std::string context = arguments.rest()[0], file = arguments.text("file");
    if (context == "-") {
        if (file == "-")
            throw Error(ErrorKind::invalid, "invalid argument: can't use stdin for both build context and dockerfile");
        spec.dockerfile_inline = session.files.read_stdin();
        if (is_archive(spec.dockerfile_inline))
            throw Error(ErrorKind::unsupported, "a context as an archive on standard input is not supported",
                        "unpack it and name the folder: mkdir context && tar -x -C context");
        empty_context.emplace();
        spec.context = empty_context->path();
        return;
    }
    spec.context =
        context.find("://") != std::string::npos || context.starts_with("git@") ? context : session.place(context);
    if (file == "-")
        spec.dockerfile_inline = session.files.read_stdin();
    else if (!file.empty())
        spec.dockerfile = session.place(file);
}

int build(const Arguments& arguments, Session& session) {
    refuse_flags(arguments);
    engine::BuildSpec spec = build_spec(arguments, session);
    std::optional<os::TempFolder> empty_context;
    read_sources(arguments, session, spec, empty_context);
    if (const std::string progress = arguments.text("progress"); !progress.empty()) session.progress = progress;
    if (spec.quiet) session.progress = "quiet";
    engine::Engine& engine = session.engine();
    engine::Builder* builder = engine.builder();
    if (!builder)
        throw Error(ErrorKind::unsupported, "this engine does not build images",
                    "build them elsewhere and pull or load them");
    const auto progress = make_progress(session, "build", arguments.on("dry-run"));
    const auto tell = [&](State state, const std::string& text, const std::string& details = {}) {
        progress->progress({spec.progress_id, {}, state, text, details});
        if (state != State::working) progress->finish();
    };
    if (arguments.on("dry-run")) {
        tell(State::done, "Built");
        return 0;
    }
    tell(State::working, "Building");
    std::string id;
    try {
        const auto output = build_options(session, spec.quiet).output;
        id = builder->build(
            spec, *progress, output ? output : [](std::string_view) {}, session.scope.cancel());
        if (arguments.on("push") && !spec.check_only)
            for (const std::string& tag : spec.tags)
                engine.images().push(tag, {.progress_id = cat("Image ", tag)}, *progress, session.scope.cancel());
    } catch (const Error& error) {
        tell(State::error, "Error", error.message());
        throw;
    }
    tell(State::done, spec.check_only ? "Checked" : "Built");
    if (const std::string path = arguments.text("iidfile"); !path.empty()) session.write_file(session.place(path), id);
    if (spec.quiet) session.out(id + "\n");
    return 0;
}

constexpr Flag flags[] = {
    {.name = "add-host", .kind = FlagKind::texts, .help = "Add a custom host-to-IP mapping (format: \"host:ip\")"},
    {.name = "allow",
     .kind = FlagKind::words,
     .help = "Allow extra privileged entitlement (e.g., \"network.host\", \"security.insecure\")"},
    {.name = "annotation", .kind = FlagKind::texts, .help = "", .hidden = true},
    {.name = "attest", .kind = FlagKind::texts, .help = "", .hidden = true},
    {.name = "build-arg", .kind = FlagKind::texts, .help = "Set build-time variables"},
    {.name = "build-context", .kind = FlagKind::texts, .help = "Additional build contexts (e.g., name=path)"},
    {.name = "builder", .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "cache-from", .kind = FlagKind::texts, .help = "External cache sources (e.g., \"user/app:cache\")"},
    {.name = "cache-to", .kind = FlagKind::texts, .help = "Cache export destinations"},
    {.name = "call", .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "cgroup-parent", .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "check", .help = "Check the Dockerfile, build nothing"},
    {.name = "compress", .help = "", .hidden = true, .deprecated = "it has no effect"},
    {.name = "file",
     .letter = 'f',
     .kind = FlagKind::text,
     .help = "Name of the Dockerfile (default: \"PATH/Dockerfile\")"},
    {.name = "force-rm", .help = "", .hidden = true, .deprecated = "it has no effect"},
    {.name = "iidfile", .kind = FlagKind::text, .help = "Write the image ID to a file"},
    {.name = "isolation", .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "label", .kind = FlagKind::texts, .help = "Set metadata for an image"},
    {.name = "load", .help = "Keep the image here, as is always done"},
    {.name = "memory", .letter = 'm', .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "memory-swap", .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "metadata-file", .kind = FlagKind::text, .help = "", .hidden = true},
    {.name = "network",
     .kind = FlagKind::text,
     .help = "Set the networking mode for the \"RUN\" instructions during build",
     .fallback = "default"},
    {.name = "no-cache", .help = "Do not use cache when building the image"},
    {.name = "no-cache-filter", .kind = FlagKind::words, .help = "Do not cache specified stages"},
    {.name = "output", .letter = 'o', .kind = FlagKind::texts, .help = "", .hidden = true},
    {.name = "platform", .kind = FlagKind::words, .help = "Set target platform for build"},
    {.name = "progress",
     .kind = FlagKind::text,
     .help = "Set type of progress output (\"auto\", \"plain\", \"tty\", \"json\", \"quiet\")"},
    {.name = "provenance", .kind = FlagKind::text, .help = "Add a provenance attestation"},
    {.name = "pull", .help = "Always attempt to pull all referenced images"},
    {.name = "push", .help = "Push the image when it is built"},
    {.name = "quiet", .letter = 'q', .help = "Suppress the build output and print image ID on success"},
    {.name = "rm", .help = "", .fallback = "true", .hidden = true, .deprecated = "it has no effect"},
    {.name = "sbom", .kind = FlagKind::text, .help = "Add a SBOM attestation"},
    {.name = "secret",
     .kind = FlagKind::texts,
     .help = "Secret to expose to the build (format: \"id=mysecret[,src=/local/secret]\")"},
    {.name = "security-opt", .kind = FlagKind::texts, .help = "", .hidden = true},
    {.name = "shm-size", .kind = FlagKind::text, .help = "Shared memory size for build containers", .type = "bytes"},
    {.name = "squash", .help = "", .hidden = true},
    {.name = "ssh", .kind = FlagKind::texts, .help = "SSH agent socket or keys to expose to the build"},
    {.name = "tag", .letter = 't', .kind = FlagKind::texts, .help = "Name and optionally a tag (format: \"name:tag\")"},
    {.name = "target", .kind = FlagKind::text, .help = "Set the target build stage to build"},
    {.name = "ulimit", .kind = FlagKind::texts, .help = "Ulimit options", .type = "ulimit"},
};

}  // namespace

constinit const Command image_build_command{
    .name = "image build",
    .usage = "image build [OPTIONS] PATH | URL | -",
    .help = "Build an image from a Dockerfile",
    .flags = flags,
    .run = build,
    .least = 1,
    .most = 1,
    .reads_project = false,
    .docker = "build",
};

}  // namespace tutti::cli
