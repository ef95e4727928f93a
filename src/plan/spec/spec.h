// A service of the model in the engine's words: model::Service → engine::ContainerSpec. One file a theme beside this.
// Used by reconcile and `run`. Pure: files it needs (secrets, configs, seccomp profiles) are read through base::Files.
// Does not decide whether a container is needed.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/reporter.h"
#include "engine/container_spec.h"
#include "model/project.h"
#include "state/project_state.h"

namespace tutti::engine {
class KeptFiles;
}

namespace tutti::plan::spec {

// What providers said, by the service that stands for each: environment of the services that depend on it.
struct Provided {
    model::Mapping prefixed, raw;  // prefixed: with the provider's name before each key
};
using ProvidedBy = std::map<std::string, Provided>;

struct Options {
    char separator = '-';                  // '_' with --compatibility
    std::vector<std::string> env_files;    // --env-file, for the label
    std::string default_platform;          // DOCKER_DEFAULT_PLATFORM
    std::string home;                      // for ~ in paths of profiles
    const base::Files* files = nullptr;    // null: nothing can be read
    base::Reporter* reporter = nullptr;    // for warnings; may be null
    std::shared_ptr<ProvidedBy> provided;  // null: not asked, so nothing is compared
    engine::KeptFiles* kept = nullptr;     // external secrets and configs; null: there are none
};

struct Replica {
    std::string name;
    int number = 0;                              // 0: a one-off, which has none
    const state::Container* inherits = nullptr;  // whose anonymous volumes it takes over
    bool one_off = false, aliases = true, auto_remove = false, attach_stdin = false;
};

std::string container_name(const model::Project& project, const model::Service& service, int number, char separator);

// The service with what is decided late filled in: image volumes named after services resolved. Its hash is the
// label's.
model::Service prepare(const model::Project& project, const model::Service& service, const state::ProjectState& state);

// Labels of Compose but for the hash over resolved references, which the runner sets again.
engine::ContainerSpec to_spec(const model::Project& project, const model::Service& service,
                              const state::ProjectState& state, const Replica& replica, const Options& options);

std::string image_volume_digests(const model::Service& prepared, const state::ProjectState& state);
// The service's environment with what its providers set; and what that is known by, empty when there is nothing.
model::Environment environment_of(const model::Service& service, const Options& options);
std::string provided_hash(const model::Service& service, const Options& options);
std::string files_hash(const model::Project& project, const model::Service& service, const Options& options);
// "service:x" → "x"; empty when the mode names no service.
std::string_view service_of_mode(std::string_view mode);
// The services whose namespaces or volumes this one shares.
std::vector<std::string> lenders_of(const model::Service& service);

// The themes.
void add_mounts(const model::Project&, const model::Service&, const state::ProjectState&, const Replica&,
                const Options&, engine::ContainerSpec&);
void add_files(const model::Project&, const model::Service&, const Options&, engine::ContainerSpec&);
void add_networks(const model::Project&, const model::Service&, const state::ProjectState&, const Replica&,
                  const Options&, engine::ContainerSpec&);
void add_ports(const model::Service&, engine::ContainerSpec&);
void add_resources(const model::Service&, engine::ContainerSpec&);
void add_rights(const model::Project&, const model::Service&, const Options&, engine::ContainerSpec&);
void add_health(const model::Service&, engine::ContainerSpec&);
engine::RestartPolicy restart_policy(const model::Service&);

engine::NetworkSpec to_spec(const model::Project&, const std::string& key, const model::Network&);
engine::VolumeSpec to_spec(const model::Project&, const std::string& key, const model::Volume&);

}  // namespace tutti::plan::spec
