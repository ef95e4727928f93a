// Device rules as a BPF program for cgroup v2, which has no devices.allow. The last rule that fits decides; none:
// refused.
#pragma once

#include <string>
#include <vector>

#include "embedded/runtime/spec.h"

namespace tutti::embedded::runtime::native {

std::string device_filter(const std::vector<DeviceRule>& rules);  // struct bpf_insn[]

}  // namespace tutti::embedded::runtime::native
