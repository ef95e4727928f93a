// Resources of a spec as files of cgroup folders: what is to be written where, v1 and v2.
// Pure; used when a box is made and when it is updated.
#pragma once

#include <string>
#include <vector>

#include "embedded/runtime/native/hierarchies.h"
#include "embedded/runtime/spec.h"

namespace tutti::embedded::runtime::native {

struct Setting {
    std::string file, value;
    bool optional = false;  // a kernel without it is passed over (swap accounting)
    bool operator==(const Setting&) const = default;
};

struct CgroupFolder {
    const Hierarchy* hierarchy = nullptr;
    std::vector<Setting> settings;
};

// The hierarchies a box joins and their settings, in the order to be written. Throws Error unsupported for a limit
// whose controller this machine has not. `all`: also those that no setting asks for but that counting, pausing and
// killing need.
std::vector<CgroupFolder> lower_resources(const Resources& resources, const Hierarchies& hierarchies, bool all);

}  // namespace tutti::embedded::runtime::native
