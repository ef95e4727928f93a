// An engine far away: Docker or Podman over its API, as one maker of engine::Engine.
// Used by app (chosen by --engine, DOCKER_HOST, a Docker context or the settings). Builds with the engine's own
// builder.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "http/client.h"

namespace tutti::docker::client {

struct Options {
    std::string host;              // "unix:///var/run/docker.sock", "tcp://host:2375", "ssh://user@host"
    std::optional<http::Tls> tls;  // of tcp; nothing: plain
    std::string api_version;       // "1.44" pins it; empty: negotiated
    std::map<std::string, std::string> environment;  // for the ssh program
    // What to log in to a registry ("docker.io", "localhost:5000") with; nothing: anonymous.
    std::function<std::optional<engine::Credentials>(const std::string& server)> credentials;
};

std::unique_ptr<engine::Engine> open_engine(Options options);

// Where a Docker CLI would go: DOCKER_HOST, else the context named by DOCKER_CONTEXT or config.json's currentContext,
// else the default socket. `config_folder` is ~/.docker. Throws not_found for a context that does not exist.
Options find_engine(const std::map<std::string, std::string>& environment, const std::string& config_folder);

}  // namespace tutti::docker::client
