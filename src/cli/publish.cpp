// publish: the project as an OCI artifact, after a person has agreed to what it would give away.
#include <set>

#include "advice/leaks.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/publish_files.h"
#include "cli/target.h"
#include "cli/up.h"
#include "doc/yaml.h"

namespace tutti::cli {

namespace {

using base::cat;
using State = base::Progress::State;

// Every service counts, whatever profiles are on.
std::vector<const model::Service*> all_services(const model::Project& project) {
    std::vector<const model::Service*> all;
    for (const auto* services : {&project.services, &project.disabled_services})
        for (const auto& [name, service] : *services) all.push_back(&service);
    return all;
}

void refuse_built_only(const model::Project& project) {
    std::string names;
    for (const model::Service* service : all_services(project))
        if (service->image.empty() && service->build) names += cat("\n- \"", service->name, "\"");
    if (!names.empty())
        throw base::Error(base::ErrorKind::invalid,
                          cat("your Compose stack cannot be published as it only contains a build section for "
                              "service(s):",
                              names),
                          "give them an image as well, which is pushed");
}

std::string bind_mounts_question(const model::Project& project) {
    std::string mounts;
    for (const model::Service* service : all_services(project))
        for (const model::Mount& mount : service->volumes)
            if (mount.type == "bind")
                mounts += cat(service->name, " ", mount.source, ":", mount.target, mount.read_only ? ":ro" : "", "\n");
    if (mounts.empty()) return {};
    return cat(
        "you are about to publish bind mounts declaration within your OCI artifact.\n"
        "only the bind mount declarations will be added to the OCI artifact (not content)\n"
        "please double check that you are not mounting potential user's sensitive directories or data\n",
        mounts, "Are you ok to publish these bind mount declarations?");
}

std::string leaks_question(const Session& session, const model::Project& project,
                           const std::vector<ArtifactFile>& files) {
    std::string found;
    const auto look = [&](const std::string& where, const std::string& text) {
        for (const advice::Leak& leak : advice::leaks_in(text))
            found += cat(leak.kind, "\n\"", where, "\": ", leak.value, "\n");
    };
    for (const ArtifactFile& file : files) look(file.path, file.content);
    for (const auto* objects : {&project.configs, &project.secrets})
        for (const auto& [name, object] : *objects)
            if (!object.file.empty() && session.files.kind(object.file) == base::Files::Kind::file)
                look(object.file, session.files.read(object.file));
    if (found.empty()) return {};
    return cat(
        "you are about to publish sensitive data within your OCI artifact.\n"
        "please double check that you are not leaking sensitive data\n",
        found, "Are you ok to publish these sensitive data?");
}

// What a file says of a service's environment, in either form.
void each_variable(const doc::Node& service,
                   const std::function<void(const std::string& name, const std::string& value)>& take) {
    const doc::Node* environment = service.find("environment");
    if (!environment) return;
    const auto literal = [](const std::string& value) { return base::replace_all(value, "$$", "X"); };
    if (environment->is_map())
        for (const doc::Entry& entry : environment->entries())
            if (entry.value.is_text()) take(entry.key, literal(entry.value.as_text()));
    if (environment->is_list())
        for (const doc::Node& entry : environment->items()) {
            if (!entry.is_text()) continue;
            const auto equals = entry.as_text().find('=');
            if (equals != std::string::npos)
                take(entry.as_text().substr(0, equals), literal(entry.as_text().substr(equals + 1)));
        }
}

struct Findings {
    std::map<std::string, std::set<std::string>> keys;  // of services, that look like secrets
    std::set<std::string> with_env_file, configs;
};

Findings findings_in(const std::vector<ArtifactFile>& files) {
    Findings findings;
    for (const ArtifactFile& file : files) {
        if (file.kind == ArtifactFile::Kind::env) continue;
        doc::Diagnostics diagnostics;
        for (const doc::Node& document : doc::read_yaml(file.content, 0, diagnostics)) {
            const doc::Node *services = document.find("services"), *configs = document.find("configs");
            if (services && services->is_map())
                for (const doc::Entry& service : services->entries()) {
                    if (service.value.find("env_file")) findings.with_env_file.insert(service.key);
                    each_variable(service.value, [&](const std::string& name, const std::string& value) {
                        if (advice::holds_secret(name, value)) findings.keys[service.key].insert(name);
                    });
                }
            if (configs && configs->is_map())
                for (const doc::Entry& config : configs->entries())
                    if (const std::string content = config.value.text_or("content");
                        advice::is_literal(base::replace_all(content, "$$", "X")))
                        findings.configs.insert(config.key);
        }
    }
    return findings;
}

std::string environment_question(const Findings& findings) {
    std::set<std::string> services = findings.with_env_file;
    for (const auto& [name, keys] : findings.keys) services.insert(name);
    if (services.empty()) return {};
    std::string text =
        "you are about to publish env-related declarations within your OCI artifact.\n"
        "env_file paths and literal values for sensitive-looking keys are embedded as-is in the published YAML;\n"
        "interpolated values like \"${VAR}\" are kept symbolic and have already been excluded.\n";
    for (const std::string& name : services) {
        if (findings.with_env_file.count(name)) text += cat("  service \"", name, "\": env_file declared\n");
        const auto keys = findings.keys.find(name);
        if (keys == findings.keys.end()) continue;
        std::vector<std::string> quoted;
        for (const std::string& key : keys->second) quoted.push_back(cat("\"", key, "\""));
        text += cat("  service \"", name, "\": literal value for ", base::join(quoted, ", "), "\n");
    }
    return text +
           "Use --with-env to silence this prompt and always publish env declarations.\n"
           "Are you ok to publish these env declarations?";
}

std::string configs_question(const Findings& findings) {
    if (findings.configs.empty()) return {};
    std::string text = "you are about to publish literal inline config content within your OCI artifact.\n";
    for (const std::string& name : findings.configs) text += cat("  config \"", name, "\"\n");
    return text + "Are you ok to publish these config contents?";
}

void agree(const verbs::Ask& ask, const std::string& question) {
    if (!question.empty() && !ask(question, false)) throw base::Cancelled();
}

// "services: {web: {image: nginx@sha256:…}}", laid over the others by who takes the artifact.
ArtifactFile digests_file(const Session& session, const model::Project& project) {
    doc::Node services = doc::Node::map();
    for (const model::Service* service : all_services(project)) {
        if (service->image.empty()) continue;
        services.set(service->name, doc::Node::map()).set("image", doc::Node(session.pin_image(service->image)));
    }
    doc::Node override_ = doc::Node::map();
    override_.set("services", std::move(services));
    return {ArtifactFile::Kind::compose, "image-digests.yaml", doc::write_yaml(override_), {}};
}

void push_images(const model::Project& project, Session& session, base::Reporter& reporter, bool dry_run) {
    for (const model::Service* service : all_services(project)) {
        if (!service->build || service->image.empty()) continue;
        reporter.progress({service->image, {}, State::working, "Pushing", {}});
        if (!dry_run)
            session.engine().images().push(service->image, {{}, service->image, false}, reporter,
                                           session.scope.cancel());
        reporter.progress({service->image, {}, State::done, "Pushed", {}});
    }
}

int publish(const Arguments& arguments, Session& session) {
    const std::string& repository = arguments.rest()[0];
    const std::string version = arguments.text("oci-version");
    if (!version.empty() && version != "1.0" && version != "1.1")
        refuse(cat("invalid --oci-version \"", version, "\": 1.0 or 1.1"));
    if (arguments.on("app"))
        throw base::Error(base::ErrorKind::unsupported, "publish --app is not supported: images are not copied",
                          "publish without it; services then name their images where they are");
    compose::LoadOptions load = load_options(arguments, session);
    load.profiles = {"*"};
    load.resolve_environment = false;
    const auto loaded = load_project(load, arguments, session);
    if (!loaded) return 1;
    const model::Project& project = loaded->project;
    std::vector<ArtifactFile> files = files_to_publish(session, loaded->files);

    refuse_built_only(project);
    const bool with_env = arguments.on("with-env");
    const verbs::Ask ask = cli::ask(session, arguments.on("yes"));
    agree(ask, bind_mounts_question(project));
    agree(ask, leaks_question(session, project, files));
    const Findings findings = findings_in(files);
    if (!with_env) agree(ask, environment_question(findings));
    agree(ask, configs_question(findings));

    const bool dry_run = arguments.on("dry-run");
    const auto progress = make_progress(session, "publish", dry_run);
    push_images(project, session, *progress, dry_run);
    if (!with_env) std::erase_if(files, [](const ArtifactFile& file) { return file.kind == ArtifactFile::Kind::env; });
    if (arguments.on("resolve-image-digests")) files.push_back(digests_file(session, project));
    progress->progress({repository, {}, State::working, "publishing", {}});
    if (!dry_run) session.push_artifact(repository, files, version);
    progress->progress({repository, {}, State::done, "published", {}});
    progress->finish();
    return 0;
}

constexpr Flag flags[] = {
    {.name = "app", .help = "Published compose application (includes referenced images)"},
    {.name = "oci-version",
     .kind = FlagKind::text,
     .help = "OCI image/artifact specification version (automatically determined by default)"},
    {.name = "resolve-image-digests", .help = "Pin image tags to digests"},
    {.name = "with-env", .help = "Include environment variables in the published OCI artifact"},
    {.name = "yes", .letter = 'y', .help = "Assume \"yes\" as answer to all prompts"},
};

}  // namespace

constinit const Command publish_command{
    .name = "publish",
    .usage = "publish [OPTIONS] REPOSITORY[:TAG]",
    .help = "Publish compose application",
    .flags = flags,
    .run = publish,
    .least = 1,
    .most = 1,
};

}  // namespace tutti::cli
