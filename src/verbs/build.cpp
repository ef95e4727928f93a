#include "verbs/build.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <span>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"
#include "state/project_state.h"

namespace tutti::verbs {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::Progress;

namespace {

constexpr std::string_view service_prefix = "service:";

std::string variable(const model::Project& project, const std::string& name) {
    const auto found = project.environment.find(name);
    return found == project.environment.end() ? std::string() : found->second;
}

// A value in the file, else in the environment of the project, else the builder's own.
void set_arguments(engine::BuildSpec& spec, const model::Project& project, const model::Build& build,
                   const BuildOptions& options) {
    for (const auto& [name, value] : build.args) {
        if (value)
            spec.args[name] = *value;
        else if (const auto found = project.environment.find(name); found != project.environment.end())
            spec.args[name] = found->second;
        else
            spec.inherited_args.push_back(name);
    }
    for (const auto& name : options.inherited_args)
        if (const auto found = project.environment.find(name); found != project.environment.end())
            spec.args[name] = found->second;
    for (const auto& [name, value] : options.args) spec.args[name] = value;
}

void set_secrets(engine::BuildSpec& spec, const model::Project& project, const std::string& service,
                 const model::Build& build) {
    for (const auto& reference : build.secrets) {
        const auto found = project.secrets.find(reference.source);
        if (found == project.secrets.end())
            throw Error(ErrorKind::invalid,
                        cat("build of service \"", service, "\": secret ", reference.source, " is not defined"));
        engine::BuildSecret secret;
        secret.id = reference.target.empty() ? reference.source : reference.target;
        if (!found->second.environment.empty()) {
            secret.has_value = true;
            secret.environment_value = variable(project, found->second.environment);
        } else if (!found->second.file.empty()) {
            secret.file = found->second.file;
        } else {
            throw Error(ErrorKind::unsupported,
                        cat("build.secrets only supports environment or file-based secrets: ", reference.source));
        }
        spec.secrets.push_back(std::move(secret));
    }
}

std::vector<std::string> with_needs(const model::Project& project, std::vector<std::string> names, bool dependencies) {
    std::vector<std::string> out;
    std::set<std::string> seen;
    while (!names.empty()) {
        const std::string name = names.back();
        names.pop_back();
        if (!seen.insert(name).second) continue;
        const auto found = project.services.find(name);
        if (found == project.services.end()) throw Error(ErrorKind::not_found, cat("no such service: ", name));
        out.push_back(name);
        if (found->second.build)
            for (auto& need : build_needs(project, name)) names.push_back(std::move(need));
        if (dependencies)
            for (const auto& [need, how] : found->second.depends_on)
                if (project.services.contains(need)) names.push_back(need);
    }
    return out;
}

// Builds side by side, each once those are done that it builds upon.
class Graph {
  public:
    Graph(const model::Project& project, std::vector<std::string> names) {
        std::erase_if(names, [&](const std::string& name) { return !project.services.find(name)->second.build; });
        left_.insert(names.begin(), names.end());
        for (const auto& name : left_) needs_[name] = build_needs(project, name);
    }

    bool empty() const { return left_.empty(); }

    // A service that is ready to be built; nothing when all are taken or one has failed. Waits for one to become ready:
    // then another is being built, whose end, also by cancellation, is told to done().
    std::optional<std::string> take() {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (left_.empty() || failed_) return std::nullopt;
            for (const auto& name : left_)
                if (ready(name)) {
                    std::string out = name;
                    left_.erase(name);
                    running_.insert(out);
                    return out;
                }
            if (running_.empty()) {
                failed_ = true;
                changed_.notify_all();
                throw Error(ErrorKind::invalid, cat("cycle found among the builds of: ",
                                                    base::join(std::vector(left_.begin(), left_.end()), ", ")));
            }
            changed_.wait(lock);
        }
    }

    void done(const std::string& name, bool well) {
        {
            const std::lock_guard lock(mutex_);
            running_.erase(name);
            failed_ = failed_ || !well;
        }
        changed_.notify_all();
    }

  private:
    bool ready(const std::string& name) const {
        return std::ranges::none_of(
            needs_.at(name), [&](const std::string& need) { return left_.contains(need) || running_.contains(need); });
    }

    std::map<std::string, std::vector<std::string>> needs_;
    std::set<std::string> left_, running_;
    bool failed_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
};

// Tells the graph that a build has ended, well or by an exception.
class End {
  public:
    End(Graph& graph, const std::string& name) : graph_(graph), name_(name) {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() { graph_.done(name_, std::uncaught_exceptions() == before_); }

  private:
    Graph& graph_;
    const std::string& name_;
    int before_ = std::uncaught_exceptions();
};

void build_one(const model::Project& project, const std::string& name, const BuildOptions& options,
               engine::Engine& engine, engine::Builder& builder, base::Reporter& reporter, const os::Cancel& cancel) {
    const engine::BuildSpec spec = build_spec(project, name, options);
    const std::string id = cat("Image ", spec.tags.front());
    reporter.progress({id, {}, Progress::State::working, "Building", {}});
    try {
        builder.build(
            spec, reporter, options.output ? options.output : [](std::string_view) {}, cancel);
        // A name that only we gave is no place to push to.
        const bool named = !project.services.find(name)->second.image.empty();
        if (options.push && !options.check)
            for (const auto& tag : std::span(spec.tags).subspan(named ? 0 : 1))
                engine.images().push(tag, {.progress_id = cat("Image ", tag)}, reporter, cancel);
    } catch (Error& error) {
        reporter.progress({id, {}, Progress::State::error, "Error", error.message()});
        error.add_context(cat("building service ", name));
        throw;
    }
    reporter.progress({id, {}, Progress::State::done, "Built", {}});
}

}  // namespace

// What the FROM lines of a Dockerfile name, arguments not filled in; nothing when it is not here to be read.
static std::set<std::string> base_images(const model::Build& build) {
    std::string text = build.dockerfile_inline;
    if (text.empty() && build.context.starts_with('/')) {
        const std::string file = build.dockerfile.empty() ? "Dockerfile" : build.dockerfile;
        try {
            text = os::read_file_if_exists(file.starts_with('/') ? file : cat(build.context, '/', file)).value_or("");
        } catch (const Error&) {}  // the build will say so
    }
    std::set<std::string> out;
    for (const std::string_view line : base::split(text, '\n')) {
        std::vector<std::string_view> words;
        for (const auto word : base::split(line, ' '))
            if (!base::trim(word).empty() && !word.starts_with("--")) words.push_back(base::trim(word));
        if (words.size() > 1 && base::to_lower(words[0]) == "from") out.emplace(words[1]);
    }
    return out;
}

std::vector<std::string> build_needs(const model::Project& project, const std::string& name) {
    std::vector<std::string> out;
    const auto service = project.services.find(name);
    if (service == project.services.end() || !service->second.build) return out;
    for (const auto& [key, where] : service->second.build->additional_contexts)
        if (where.starts_with(service_prefix)) out.push_back(where.substr(service_prefix.size()));
    const auto bases = base_images(*service->second.build);
    for (const auto& [other, made] : project.services) {
        if (other == name || !made.build) continue;
        auto tags = made.build->tags;
        tags.push_back(state::image_of(made, project.name));
        if (std::ranges::any_of(tags, [&](const std::string& tag) {
                return bases.contains(tag) || bases.contains(cat(tag, ":latest"));
            }))
            out.push_back(other);
    }
    return out;
}

// Compose's words.
static void check_platform(const model::Build& build, const std::string& name, const std::string& by_default,
                           const std::string& of_service) {
    const auto can = [&](const std::string& platform) {
        return platform.empty() || build.platforms.empty() || std::ranges::count(build.platforms, platform) != 0;
    };
    if (!can(by_default))
        throw Error(ErrorKind::invalid, cat("service \"", name, "\" build.platforms does not support value set by ",
                                            "DOCKER_DEFAULT_PLATFORM: ", by_default));
    if (!can(of_service))
        throw Error(ErrorKind::invalid,
                    cat("service \"", name, "\" build configuration does not support platform: ", of_service));
}

engine::BuildSpec build_spec(const model::Project& project, const std::string& name, const BuildOptions& options) {
    const model::Service& service = project.services.find(name)->second;
    const model::Build& build = *service.build;
    check_platform(build, name, variable(project, "DOCKER_DEFAULT_PLATFORM"), service.platform);
    engine::BuildSpec spec;
    spec.context = build.context;
    spec.dockerfile = build.dockerfile_inline.empty() ? build.dockerfile : std::string();
    spec.dockerfile_inline = build.dockerfile_inline;
    spec.target = build.target;
    spec.network = build.network;
    spec.isolation = build.isolation;
    spec.tags = {state::image_of(service, project.name)};
    spec.tags.insert(spec.tags.end(), build.tags.begin(), build.tags.end());
    spec.labels = {build.labels.begin(), build.labels.end()};
    spec.labels.emplace("com.docker.compose.project", project.name);
    spec.labels.emplace("com.docker.compose.service", name);
    spec.cache_from = build.cache_from;
    spec.cache_to = build.cache_to;
    spec.no_cache_filter = build.no_cache_filter;
    spec.entitlements = build.entitlements;
    spec.platforms = build.platforms;
    spec.platform = !service.platform.empty() ? service.platform : variable(project, "DOCKER_DEFAULT_PLATFORM");
    for (const auto& [host, addresses] : build.extra_hosts)
        for (const auto& address : addresses) spec.extra_hosts.push_back(cat(host, '=', address));
    for (const auto& [key, where] : build.additional_contexts) {
        std::string place = where;
        if (place.starts_with(service_prefix)) {
            const auto other = project.services.find(place.substr(service_prefix.size()));
            if (other == project.services.end())
                throw Error(ErrorKind::invalid, cat("build of service \"", name,
                                                    "\": no such service: ", place.substr(service_prefix.size())));
            place = cat("docker-image://", state::image_of(other->second, project.name));
        }
        spec.contexts.emplace(key, std::move(place));
    }
    for (const auto& key : build.ssh) spec.ssh.emplace(key.id, key.path);
    if (!options.ssh.empty()) {
        const auto equals = options.ssh.find('=');
        spec.ssh[options.ssh.substr(0, equals)] =
            equals == std::string::npos ? std::string() : options.ssh.substr(equals + 1);
    }
    for (const auto& [limit, value] : build.ulimits)
        spec.ulimits.push_back(
            {limit, value.single != 0 ? value.single : value.soft, value.single != 0 ? value.single : value.hard});
    spec.shm_size = build.shm_size.count;
    spec.pull = build.pull || options.pull;
    spec.no_cache = build.no_cache || options.no_cache;
    spec.privileged = build.privileged;
    spec.check_only = options.check;
    spec.quiet = options.quiet;
    spec.provenance = options.provenance.empty() ? build.provenance : options.provenance;
    spec.sbom = options.sbom.empty() ? build.sbom : options.sbom;
    spec.progress_id = cat("Image ", spec.tags.front());
    set_arguments(spec, project, build, options);
    set_secrets(spec, project, name, build);
    return spec;
}

// The project with those services, too, that were not selected but whose images others build upon.
static model::Project with_bases(model::Project project) {
    std::vector<std::string> names;
    for (const auto& [name, service] : project.services) names.push_back(name);
    while (!names.empty()) {
        const auto service = project.services.find(names.back());
        names.pop_back();
        if (!service->second.build) continue;
        for (const auto& [key, where] : service->second.build->additional_contexts) {
            if (!where.starts_with(service_prefix)) continue;
            const auto base = project.disabled_services.find(where.substr(service_prefix.size()));
            if (base == project.disabled_services.end()) continue;
            names.push_back(base->first);
            project.services[base->first] = base->second;
            project.disabled_services.erase(names.back());
        }
    }
    return project;
}

void build(const model::Project& selected, const std::vector<std::string>& services, const BuildOptions& options,
           engine::Engine& engine, base::Reporter& reporter, os::Scope& scope) {
    const model::Project project = with_bases(selected);
    std::vector<std::string> names = services;
    if (names.empty())
        for (const auto& [name, service] : selected.services) names.push_back(name);
    Graph graph(project, with_needs(project, std::move(names), options.with_dependencies));
    if (graph.empty()) return;
    engine::Builder* builder = engine.builder();
    if (!builder)
        throw Error(ErrorKind::unsupported, "this engine does not build images",
                    "build them elsewhere and pull or load them");
    os::Scope workers = scope.child();
    const std::size_t width = options.parallel == 0 ? 4 : options.parallel;
    for (std::size_t i = 0; i < width; ++i) {
        workers.spawn([&] {
            while (const auto name = graph.take()) {
                const End end(graph, *name);
                build_one(project, *name, options, engine, *builder, reporter, workers.cancel());
            }
        });
    }
    workers.join();
}

}  // namespace tutti::verbs
