// What exists, as the Docker Engine API shows it: the bodies of GET /containers/{id}/json,
// /images/{name}/json, /networks/{id}, /volumes/{name}.
// Used by cli's `inspect` commands and by docker/server. Pure: no calls here.
// The other direction is container_from, network_from and volume_from.
#pragma once

#include "doc/node.h"
#include "engine/containers.h"
#include "engine/images.h"
#include "engine/networks.h"
#include "engine/volumes.h"

namespace tutti::docker::wire {

doc::Node inspect_body(const engine::Container& container);
doc::Node inspect_body(const engine::Image& image);
doc::Node inspect_body(const engine::Network& network);
doc::Node inspect_body(const engine::Volume& volume);

}  // namespace tutti::docker::wire
