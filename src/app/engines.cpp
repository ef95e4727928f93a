#include "app/engines.h"

#include <unistd.h>

#include "app/fetch_url.h"
#include "app/registries.h"
#include "base/error.h"
#include "base/text.h"
#include "docker/client/engine.h"
#include "embedded/engine.h"
#include "embedded/store/kept_files.h"
#include "os/file.h"

namespace tutti::app {

namespace {

using base::cat;

// --engine or TUTTI_ENGINE say it; else an address that only a Docker engine has.
bool wants_docker(const Environment& environment) {
    const std::string engine = value(environment, "TUTTI_ENGINE");
    if (!engine.empty() && engine != "docker" && engine != "podman" && engine != "embedded")
        throw base::Error(base::ErrorKind::invalid, cat("unknown engine '", engine, "'"), "embedded, docker or podman");
    if (!engine.empty()) return engine != "embedded";
    return !value(environment, "DOCKER_HOST").empty() || !value(environment, "DOCKER_CONTEXT").empty();
}

// This very program, wherever it lies.
std::string own_path() {
    std::string path(4096, '\0');
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    if (size < 0) base::throw_errno("finding this program");
    path.resize(static_cast<std::size_t>(size));
    return path;
}

embedded::EnginePaths engine_paths(const Environment& environment) {
    embedded::EnginePaths paths;
    paths.root = value(environment, "TUTTI_ROOT", paths.root);
    paths.run = value(environment, "TUTTI_RUN", paths.run);
    paths.program = {own_path()};
    paths.version = TUTTI_VERSION;
    paths.registries = registries(environment);
    paths.environment = environment;
    paths.fetch = [proxies = paths.registries.proxies](const std::string& url, base::Sink& to,
                                                       const os::Cancel& cancel) {
        return fetch_url(url, proxies, to, cancel);
    };
    return paths;
}

docker::client::Options docker_options(const Environment& environment) {
    docker::client::Options options = docker::client::find_engine(environment, docker_folder(environment));
    options.credentials =
        [store = credential_store(environment)](const std::string& server) -> std::optional<engine::Credentials> {
        const oci::Credentials found = store.find(server, os::Cancel());
        if (found.empty()) return std::nullopt;
        return engine::Credentials{server, found.user, found.password, found.identity_token};
    };
    return options;
}

}  // namespace

std::unique_ptr<engine::Engine> docker_engine(const Environment& environment) {
    return docker::client::open_engine(docker_options(environment));
}

engine::Engine& Engines::open(const Environment& environment) {
    if (engine_) return *engine_;
    engine_ = wants_docker(environment) ? docker_engine(environment) : embedded::open_engine(engine_paths(environment));
    return *engine_;
}

std::unique_ptr<engine::KeptFiles> kept_files(const Environment& environment) {
    const std::string root = value(environment, "TUTTI_ROOT", embedded::EnginePaths{}.root);
    const std::string settings =
        value(environment, "XDG_CONFIG_HOME", cat(value(environment, "HOME", "/root"), "/.config"));
    return std::make_unique<embedded::store::KeptFiles>(root, cat(settings, "/tutti/kept.key"));
}

bool engine_is_here(const Environment& environment) {
    return !wants_docker(environment) ||
           docker::client::find_engine(environment, docker_folder(environment)).host.starts_with("unix://");
}

std::string lock_folder(const Environment& environment) {
    if (::geteuid() == 0) return cat(value(environment, "TUTTI_RUN", "/run/tutti"), "/locks");
    const std::string runtime = value(environment, "XDG_RUNTIME_DIR");
    return runtime.empty() ? cat("/tmp/tutti-", ::geteuid(), "/locks") : cat(runtime, "/tutti/locks");
}

int run_internal(const std::vector<std::string>& arguments) { return embedded::internal_main({own_path()}, arguments); }

}  // namespace tutti::app
