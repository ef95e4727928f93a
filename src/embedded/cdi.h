// Devices by the Container Device Interface: "vendor.com/class=name", as files in /etc/cdi and /var/run/cdi say what
// each brings into a container (nodes, variables, mounts, hooks). GPUs are such devices, too. Used when a box is asked
// for. Knows no vendor.
#pragma once

#include <string>
#include <vector>

#include "embedded/runtime/oci_config.h"
#include "engine/container_spec.h"

namespace tutti::embedded {

// The names that a request means; throws Error unsupported, in Docker's words, if it cannot be met.
std::vector<std::string> cdi_names(const engine::DeviceRequest& request, const std::vector<std::string>& folders);
// What these devices bring; throws Error naming the one that nobody knows, or what of it is not supported.
void add_cdi_devices(const std::vector<std::string>& names, const std::vector<std::string>& folders,
                     runtime::BoxRequest& request);

}  // namespace tutti::embedded
