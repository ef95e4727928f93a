#include "embedded/build/builder.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "base/time.h"
#include "embedded/build/session.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

struct FileText {
    std::string name, text;
};

FileText read_dockerfile(const engine::BuildSpec& spec) {
    if (!spec.dockerfile_inline.empty()) return {"Dockerfile (inline)", spec.dockerfile_inline};
    const std::string path = spec.dockerfile.empty() ? cat(spec.context, "/Dockerfile") : spec.dockerfile;
    try {
        return {path, os::RealFiles(std::size_t{64} << 20).read(path)};
    } catch (Error& error) {
        if (error.kind() == ErrorKind::not_found)
            throw Error(ErrorKind::not_found,
                        cat("failed to read dockerfile: open ", base::path::last(path), ": no such file or directory"),
                        cat("it was looked for as ", path));
        throw;
    }
}

[[noreturn]] void refuse(const doc::Diagnostics& diagnostics, const doc::Sources& sources) {
    std::string text = doc::to_text(diagnostics, sources);
    while (text.ends_with('\n')) text.pop_back();
    throw Error(ErrorKind::invalid, cat("failed to solve: dockerfile parse error\n", text));
}

// What cannot be done here is said by name before any work.
void check_supported(const engine::BuildSpec& spec) {
    const auto refuse_if = [](bool given, std::string_view what, std::string_view hint) {
        if (given)
            throw Error(ErrorKind::unsupported, cat(what, " is not supported by the embedded builder"),
                        std::string(hint));
    };
    refuse_if(!spec.cache_to.empty(), "cache_to", "layers are kept on this machine; leave it out");
    refuse_if(!spec.cache_from.empty(), "cache_from", "layers are kept on this machine; leave it out");
    refuse_if(spec.platforms.size() > 1, "building for several platforms at once", "build them one by one");
    const bool attest = !spec.sbom.empty() && spec.sbom != "false";
    refuse_if(attest, "sbom", "leave it out");
    refuse_if(spec.context == "-", "a context on standard input", "give a folder");
}

std::string host_platform() { return oci::Platform::host().to_text(); }

StageRequest request_of(const engine::BuildSpec& spec, const std::string& platform) {
    StageRequest out;
    out.build_args = spec.args;
    out.target = spec.target;
    out.platform = platform;
    for (const auto& [name, where] : spec.contexts) out.named_contexts.push_back(name);
    return out;
}

std::string time_of_build(const std::map<std::string, std::string>& environment, const engine::BuildSpec& spec) {
    const auto argument = spec.args.find("SOURCE_DATE_EPOCH");
    const auto variable = environment.find("SOURCE_DATE_EPOCH");
    const std::string epoch = argument != spec.args.end()     ? argument->second
                              : variable != environment.end() ? variable->second
                                                              : std::string();
    if (const auto seconds = base::to_uint(epoch))
        return base::to_rfc3339(std::chrono::system_clock::time_point(std::chrono::seconds(*seconds)));
    return base::to_rfc3339(std::chrono::system_clock::now());
}

// A stage that fails cancels the others, also those that wait for it.
void build_stages(Session& session, os::Scope& scope) {
    for (const std::size_t index : session.stages.needed()) {
        scope.spawn([&session, index] {
            try {
                StageState state = build_stage(session, index);
                const std::lock_guard lock(session.mutex);
                session.finished.emplace(index, std::move(state));
            } catch (...) {  // to wake those that wait for it
                {
                    const std::lock_guard lock(session.mutex);
                    session.failed = true;
                }
                session.changed.notify_all();
                throw;
            }
            session.changed.notify_all();
        });
    }
    scope.join();
}

std::string export_image(Session& session) {
    StageState state = session.wait_for(session.stages.target);
    for (const auto& [key, value] : session.spec.labels) state.config.run.labels[key] = value;
    state.config.created = state.config.history.empty() ? session.now : state.config.history.back().created;
    const int step = session.progress.start("exporting to image");
    const auto since = os::Clock::now();
    std::optional<oci::Reference> name;
    if (!session.spec.tags.empty()) name = oci::Reference::parse(session.spec.tags.front());
    const auto image = session.images.add_image(state.config, name);
    for (std::size_t i = 1; i < session.spec.tags.size(); ++i)
        session.images.tag(image.id().to_text(), oci::Reference::parse(session.spec.tags[i]));
    session.progress.done(step, since);
    return image.id().to_text();
}

}  // namespace

Builder::Builder(BuilderOptions options, store::Store& store, images::Images& images, runtime::Runtime& runtime)
    : options_(std::move(options)), store_(store), images_(images), runtime_(runtime), cache_(options_.folder) {
    os::make_folders(options_.run_folder);
}

std::string Builder::build(const engine::BuildSpec& given, base::Reporter& reporter,
                           const std::function<void(std::string_view)>& output, const os::Cancel& cancel) {
    check_supported(given);
    engine::BuildSpec spec = given;
    std::optional<os::TempFolder> remote;
    if (is_git_url(spec.context)) {
        remote.emplace(options_.folder, "context-");
        fetch_git(spec.context, remote->path() + "/git", false, options_, cancel);
        spec.context = remote->path() + "/git";
    } else if (is_url(spec.context)) {
        throw Error(ErrorKind::unsupported, cat("a build context at ", spec.context, " is not supported"),
                    "use a folder or a git URL");
    }
    if (!spec.dockerfile.empty() && !spec.dockerfile.starts_with('/'))
        spec.dockerfile = base::path::join(spec.context, spec.dockerfile);

    doc::Sources sources;
    doc::Diagnostics diagnostics;
    const FileText source = read_dockerfile(spec);
    const std::uint32_t file = sources.add(source.name, source.text);
    const Dockerfile dockerfile = parse_dockerfile(source.text, file, diagnostics);
    auto steps = read_instructions(dockerfile, diagnostics);
    if (diagnostics.failed()) refuse(diagnostics, sources);

    Progress progress(output);
    os::Scope scope(cancel);
    Session session{.spec = spec,
                    .options = options_,
                    .store = store_,
                    .images = images_,
                    .runtime = runtime_,
                    .cache = cache_,
                    .reporter = reporter,
                    .progress = progress,
                    .cancel = scope.cancel()};
    session.platform =
        spec.platform.empty() ? spec.platforms.empty() ? host_platform() : spec.platforms[0] : spec.platform;
    session.request = request_of(spec, session.platform);
    session.stages = split_stages(std::move(steps), session.request, diagnostics);
    if (diagnostics.failed()) refuse(diagnostics, sources);
    session.escape = dockerfile.escape;
    session.now = time_of_build(options_.environment, spec);
    session.id = cat(::getpid(), '-', base::Digest::of(session.now).short_text());
    if (spec.check_only) return {};

    const os::FileLock adding =
        store_.adding();  // nothing that this build makes is collected before the image names it
    build_stages(session, scope);
    return export_image(session);
}

}  // namespace tutti::embedded::build
