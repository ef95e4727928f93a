// ContainerSpec ↔ the body of POST /containers/create (Docker Engine API 1.40–1.55).
// Used by docker/client (writing), docker/server (reading) and inspect (reading what exists). Pure: no calls here.
#pragma once

#include "doc/node.h"
#include "engine/container_spec.h"

namespace tutti::docker::wire {

// `api_minor`: 44 for API 1.44. What an older API cannot say is refused by name (Error unsupported).
doc::Node create_body(const engine::ContainerSpec& spec, int api_minor);

// Config, HostConfig and NetworkSettings of GET /containers/{id}/json.
engine::ContainerSpec spec_from_inspect(const doc::Node& inspect);

doc::Node endpoint_body(const engine::EndpointSpec& endpoint, int api_minor);
doc::Node resources_body(const engine::Resources& resources);
doc::Node health_body(const engine::HealthCheck& check, int api_minor);
engine::HealthCheck health_from(const doc::Node& healthcheck);

}  // namespace tutti::docker::wire
