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
    std::string server;  // a registry's host, "docker.io", "localhost:5000"
    std::string username, password, identity_token;
};

struct LoginAnswer {
    std::string status;          // "Login Succeeded"
    std::string identity_token;  // what to keep instead of the password; may be empty
};

class System {
  public:
    virtual ~System() = default;
    virtual EngineInfo info() = 0;
    virtual void ping() = 0;  // throws unavailable
    virtual void events(const EventOptions& options, const EventSink& sink,
                        const os::Cancel& cancel) = 0;                          // until `until` or cancelled
    virtual LoginAnswer check_credentials(const Credentials& credentials) = 0;  // throws denied
};

}  // namespace tutti::engine
