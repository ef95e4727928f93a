// MountSpec ↔ HostConfig.{Mounts,Binds,Tmpfs}, and the mounts of a container that exists.
#pragma once

#include <vector>

#include "doc/node.h"
#include "engine/containers.h"

namespace tutti::docker::wire {

void set_mounts(doc::Node& host_config, const std::vector<engine::MountSpec>& mounts, int api_minor);
std::vector<engine::MountSpec> mounts_from(const doc::Node& host_config);          // what was asked for
std::vector<engine::MountPoint> mount_points_from(const doc::Node* mounts_array);  // what is there

}  // namespace tutti::docker::wire
