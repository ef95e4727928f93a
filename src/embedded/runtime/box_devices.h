// Devices of the host that a box is to get: nodes and the cgroup rules that allow them. Used by oci_config.cpp.
#pragma once

#include "embedded/runtime/oci_config.h"

namespace tutti::embedded::runtime {

// Adds `wanted` to the spec; a folder stands for all devices below it. Throws Error not_found.
void add_device(Spec& spec, const BoxDevice& wanted);
void add_all_devices(Spec& spec);                     // privileged: everything under /dev
DeviceRule parse_device_rule(std::string_view text);  // "c 1:3 mr"; throws Error invalid
std::vector<DeviceRule> default_device_rules();

}  // namespace tutti::embedded::runtime
