// Published and exposed ports: from the words of a spec to those of the network room, and back for `ps`. Pure.
#pragma once

#include <vector>

#include "embedded/network/endpoint.h"
#include "engine/containers.h"

namespace tutti::embedded {

// One entry per container port. Throws Error invalid or unsupported, naming the port.
std::vector<network::PortSpec> port_specs(const engine::ContainerSpec& spec);

// It exposes or publishes port 53: a name server, which needs that port for itself.
bool serves_names(const engine::ContainerSpec& spec);

std::vector<engine::PublishedPort> published_ports(const std::vector<network::Endpoint>& endpoints,
                                                   const engine::ContainerSpec& spec);

}  // namespace tutti::embedded
