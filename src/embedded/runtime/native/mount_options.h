// Mount options as fstab, Docker and the OCI spell them, sorted into what the kernel calls want. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tutti::embedded::runtime::native {

struct MountOptions {
    bool bind = false, recursive = false, copy_up = false, idmap = false, recursive_idmap = false;
    std::uint64_t set = 0, cleared = 0;  // MOUNT_ATTR_* of the mount
    std::uint64_t recursive_set = 0;     // … of it and all below: rro, rnosuid …
    std::uint64_t propagation = 0;       // MS_PRIVATE …, MS_REC
    std::vector<std::string> data;       // for the file system: "size=64m", "ro"
    bool operator==(const MountOptions&) const = default;
};

MountOptions parse_mount_options(const std::vector<std::string>& options);
std::uint64_t parse_propagation(std::string_view word);  // 0: not one

}  // namespace tutti::embedded::runtime::native
