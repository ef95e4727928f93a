// A starting container is put on its networks: namespace, endpoints, published ports, and the files that tell names and
// servers. Used by start; connect and disconnect use its translations.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "embedded/dns/files.h"
#include "embedded/parts.h"
#include "embedded/runtime/oci_config.h"

namespace tutti::embedded {

struct Wiring {
    runtime::Share share;  // which namespace the box joins
    network::Sandbox sandbox;
    network::Attached attached;
    std::vector<std::pair<std::string, std::string>> files;  // target → host path of /etc/hosts and its like
};

enum class NetworkMode { endpoints, none, host, container };
struct NetworkChoice {
    NetworkMode mode = NetworkMode::endpoints;
    std::string container;                        // of mode container: name or id
    std::vector<engine::EndpointSpec> endpoints;  // of mode endpoints: at least one
};
NetworkChoice network_choice(const engine::ContainerSpec& spec);

// On an error nothing is left. `folder` is where the files are written.
Wiring wire(Parts& parts, const records::Config& config, const records::Folder& folder);

network::EndpointSpec to_network(const engine::EndpointSpec& spec, const std::string& fallback_mac = {});
network::ContainerNames names_of(const records::Config& config);
engine::Endpoint to_engine(const network::Endpoint& endpoint, const engine::EndpointSpec* wanted);
void ensure_default_network(Parts& parts, const std::string& name);  // "bridge" is made when it is first used

std::string hostname_of(const records::Config& config);

}  // namespace tutti::embedded
