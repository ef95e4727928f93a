// The `linux` object of the OCI runtime specification 1.2: namespaces, devices, resources, seccomp.
// A part of spec.h; see there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tutti::embedded::runtime {

struct IdMap {
    std::uint32_t container = 0, host = 0, size = 0;
    bool operator==(const IdMap&) const = default;
};

struct Namespace {
    std::string type;  // "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"
    std::string path;  // empty: a new one
    bool operator==(const Namespace&) const = default;
};

struct Device {
    std::string path, type;  // "c", "u", "b", "p"
    std::int64_t major = 0, minor = 0;
    std::optional<std::uint32_t> file_mode, uid, gid;
    bool operator==(const Device&) const = default;
};

struct DeviceRule {
    bool allow = false;
    std::string type;                          // "a", "c", "b"; empty: all
    std::optional<std::int64_t> major, minor;  // absent or -1: all
    std::string access;                        // of "rwm"; empty: all
    bool operator==(const DeviceRule&) const = default;
};

struct MemoryResources {
    std::optional<std::int64_t> limit, reservation, swap, kernel, kernel_tcp;  // bytes; -1: unlimited
    std::optional<std::uint64_t> swappiness;
    std::optional<bool> disable_oom_killer, use_hierarchy, check_before_update;
    bool operator==(const MemoryResources&) const = default;
};

struct CpuResources {
    std::optional<std::uint64_t> shares, burst, period, realtime_period;
    std::optional<std::int64_t> quota, realtime_runtime, idle;
    std::string cpus, mems;
    bool operator==(const CpuResources&) const = default;
};

struct WeightDevice {
    std::int64_t major = 0, minor = 0;
    std::optional<std::uint64_t> weight, leaf_weight;
    bool operator==(const WeightDevice&) const = default;
};

struct ThrottleDevice {
    std::int64_t major = 0, minor = 0;
    std::uint64_t rate = 0;
    bool operator==(const ThrottleDevice&) const = default;
};

struct BlockIoResources {
    std::optional<std::uint64_t> weight, leaf_weight;
    std::vector<WeightDevice> weight_device;
    std::vector<ThrottleDevice> read_bps, write_bps, read_iops, write_iops;
    bool operator==(const BlockIoResources&) const = default;
};

struct HugepageLimit {
    std::string page_size;  // "2MB"
    std::uint64_t limit = 0;
    bool operator==(const HugepageLimit&) const = default;
};

struct Resources {
    std::vector<DeviceRule> devices;
    std::optional<MemoryResources> memory;
    std::optional<CpuResources> cpu;
    std::optional<std::int64_t> pids_limit;  // 0 or less: unlimited
    std::optional<BlockIoResources> block_io;
    std::vector<HugepageLimit> hugepage_limits;
    std::map<std::string, std::string> unified;  // file of cgroup v2 → content
    bool operator==(const Resources&) const = default;
};

struct SyscallArgument {
    std::uint64_t index = 0, value = 0, value_two = 0;
    std::string op;  // "SCMP_CMP_EQ"
    bool operator==(const SyscallArgument&) const = default;
};

struct SyscallRule {
    std::vector<std::string> names;
    std::string action;  // "SCMP_ACT_ALLOW"
    std::optional<std::uint64_t> errno_return;
    std::vector<SyscallArgument> args;
    bool operator==(const SyscallRule&) const = default;
};

struct Seccomp {
    std::string default_action;
    std::optional<std::uint64_t> default_errno_return;
    std::vector<std::string> architectures;  // "SCMP_ARCH_X86_64"
    std::vector<std::string> flags;          // "SECCOMP_FILTER_FLAG_LOG"
    std::string listener_path, listener_metadata;
    std::vector<SyscallRule> syscalls;
    bool operator==(const Seccomp&) const = default;
};

struct TimeOffset {
    std::int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const TimeOffset&) const = default;
};

struct Personality {
    std::string domain;  // "LINUX", "LINUX32"
    std::vector<std::string> flags;
    bool operator==(const Personality&) const = default;
};

struct Linux {
    std::vector<IdMap> uid_mappings, gid_mappings;
    std::map<std::string, std::string> sysctl;
    std::optional<Resources> resources;
    std::string cgroups_path;
    std::vector<Namespace> namespaces;
    std::vector<Device> devices;
    std::optional<Seccomp> seccomp;
    std::string rootfs_propagation;  // "rprivate", "rslave", "shared", …
    std::vector<std::string> masked_paths, readonly_paths;
    std::string mount_label;
    std::optional<Personality> personality;
    std::map<std::string, TimeOffset> time_offsets;  // "monotonic", "boottime"
    bool operator==(const Linux&) const = default;
};

}  // namespace tutti::embedded::runtime
