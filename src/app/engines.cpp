#include "app/engines.h"

#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "docker/client/engine.h"
#include "embedded/engine.h"
#include "oci/credentials.h"
#include "oci/registries.h"
#include "os/file.h"

namespace tutti::app {

namespace {

using base::cat;

std::string value(const Environment& environment, const std::string& name, const std::string& fallback = {}) {
    const auto found = environment.find(name);
    return found == environment.end() || found->second.empty() ? fallback : found->second;
}

// --engine or TUTTI_ENGINE say it; else an address that only a Docker engine has.
bool wants_docker(const Environment& environment) {
    const std::string engine = value(environment, "TUTTI_ENGINE");
    if (!engine.empty() && engine != "docker" && engine != "podman" && engine != "embedded")
        throw base::Error(base::ErrorKind::invalid, cat("unknown engine '", engine, "'"), "embedded, docker or podman");
    if (!engine.empty()) return engine != "embedded";
    return !value(environment, "DOCKER_HOST").empty() || !value(environment, "DOCKER_CONTEXT").empty();
}

std::string docker_folder(const Environment& environment) {
    return value(environment, "DOCKER_CONFIG", cat(value(environment, "HOME", "/root"), "/.docker"));
}

oci::CredentialPlaces credential_places(const Environment& environment) {
    oci::CredentialPlaces places;
    places.docker_config = cat(docker_folder(environment), "/config.json");
    const std::string runtime = value(environment, "XDG_RUNTIME_DIR");
    if (const std::string file = value(environment, "REGISTRY_AUTH_FILE"); !file.empty())
        places.auth_files.push_back(file);
    if (!runtime.empty()) places.auth_files.push_back(cat(runtime, "/containers/auth.json"));
    places.auth_files.push_back(cat(value(environment, "HOME", "/root"), "/.config/containers/auth.json"));
    places.search_path = value(environment, "PATH");
    for (const auto& [key, one] : environment) places.environment.push_back(cat(key, "=", one));
    return places;
}

oci::Registries registries(const Environment& environment) {
    oci::RegistryFiles files;
    files.registries_conf = {cat(value(environment, "HOME", "/root"), "/.config/containers/registries.conf"),
                             "/etc/containers/registries.conf"};
    // As containers-registries.conf(5) has it: this file instead of all others.
    if (const std::string only = value(environment, "CONTAINERS_REGISTRIES_CONF"); !only.empty())
        files.registries_conf = {only};
    files.daemon_json = "/etc/docker/daemon.json";
    files.certificates = {"/etc/docker/certs.d", "/etc/containers/certs.d"};
    oci::Registries all = oci::read_registries(files);
    all.credentials = [places = credential_places(environment)](const std::string& domain) {
        return oci::CredentialStore(places).find(domain, os::Cancel());
    };
    const auto proxy = [&](const std::string& name) {
        return value(environment, name, value(environment, base::to_lower(name)));
    };
    all.proxies = {proxy("HTTP_PROXY"), proxy("HTTPS_PROXY"), proxy("NO_PROXY")};
    return all;
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
    return paths;
}

}  // namespace

engine::Engine& Engines::open(const Environment& environment) {
    if (engine_) return *engine_;
    engine_ = wants_docker(environment)
                  ? docker::client::open_engine(docker::client::find_engine(environment, docker_folder(environment)))
                  : embedded::open_engine(engine_paths(environment));
    return *engine_;
}

bool engine_is_here(const Environment& environment) {
    const std::string host = value(environment, "DOCKER_HOST");
    return !wants_docker(environment) || host.empty() || host.starts_with("unix://");
}

std::string lock_folder(const Environment& environment) {
    if (::geteuid() == 0) return cat(value(environment, "TUTTI_RUN", "/run/tutti"), "/locks");
    const std::string runtime = value(environment, "XDG_RUNTIME_DIR");
    return runtime.empty() ? cat("/tmp/tutti-", ::geteuid(), "/locks") : cat(runtime, "/tutti/locks");
}

int run_internal(const std::vector<std::string>& arguments) { return embedded::internal_main({own_path()}, arguments); }

}  // namespace tutti::app
