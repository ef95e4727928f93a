// The engine as a whole: who it is, what it holds, what happens in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/event.h"
#include "os/scope.h"

namespace tutti::engine {

struct EngineInfo {
    std::string name;  // "tutti", "docker", "podman"
    std::string version, api_version, os, architecture, kernel, root_dir, cgroup_version, storage_driver,
        default_runtime;
    std::vector<std::string> runtimes, warnings, security_options;
    int cpus = 0;
    std::int64_t memory = 0;  // bytes
    int containers = 0, running = 0, paused = 0, stopped = 0, images = 0;
};

struct Credentials {
    std::string server, username, password, identity_token;
};

class System {
  public:
    virtual ~System() = default;
    virtual EngineInfo info() = 0;
    virtual void ping() = 0;  // throws unavailable
    virtual void events(const EventOptions& options, const EventSink& sink,
                        const os::Cancel& cancel) = 0;                          // until `until` or cancelled
    virtual std::string check_credentials(const Credentials& credentials) = 0;  // a status line; throws denied
};

}  // namespace tutti::engine
