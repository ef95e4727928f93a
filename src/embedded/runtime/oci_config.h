// What Docker means by a container, lowered to an OCI spec: default capabilities, seccomp, masked paths, /dev/shm,
// cgroup. The input is a plain struct, complete (image and container merged), free of Compose and of engine types.
// Pure, apart from looking at the machine (which devices, cpus and security modules there are) through `Machine`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "embedded/runtime/spec.h"

namespace tutti::embedded::runtime {

struct BoxMount {
    enum class Kind { bind, tmpfs, other };
    Kind kind = Kind::bind;
    std::string source, target;  // bind: absolute host path (file or folder), must exist
    bool read_only = false;
    bool recursive_read_only = true;   // bind, read_only: what is mounted below too
    bool recursive = true;             // bind: take what is mounted below along
    std::string propagation;           // empty: rprivate
    std::int64_t tmpfs_size = 0;       // bytes; 0: unlimited
    std::uint32_t tmpfs_mode = 0;      // 0: 01777
    std::vector<std::string> options;  // more, as mount(8) spells them
    std::string type;                  // other: the file system's type
    bool operator==(const BoxMount&) const = default;
};

struct BoxDevice {
    std::string host_path, box_path, permissions = "rwm";
    bool operator==(const BoxDevice&) const = default;
};

struct BoxUlimit {
    std::string name;                 // "nofile"
    std::int64_t soft = 0, hard = 0;  // -1: unlimited
    bool operator==(const BoxUlimit&) const = default;
};

// Which namespace: a new one of its own, the host's, or the one at a path (/proc/PID/ns/net).
struct Share {
    enum class Kind { own, host, path };
    Kind kind = Kind::own;
    std::string path;
    bool operator==(const Share&) const = default;
};

struct BoxSecurity {
    bool privileged = false;
    std::vector<std::string> cap_add, cap_drop;  // "NET_ADMIN", "CAP_NET_ADMIN", "ALL"; any case
    std::string seccomp;                         // empty: Docker's default; "unconfined"; else the profile's JSON
    std::string apparmor;                        // empty: docker-default where the kernel has AppArmor; "unconfined"
    std::string selinux_label, mount_label;
    bool no_new_privileges = false;
    bool system_paths_unconfined = false;  // nothing masked, nothing read-only
    std::optional<std::vector<std::string>> masked_paths, readonly_paths;
    bool operator==(const BoxSecurity&) const = default;
};

struct BoxRequest {
    std::string id;
    std::vector<std::string> args;  // entrypoint and command
    std::vector<std::string> env;   // "K=V", image's and container's; PATH, HOSTNAME, TERM are added here if missing
    std::string cwd = "/";
    bool tty = false, init = false;
    std::optional<ConsoleSize> console_size;
    std::string hostname, domainname;
    std::string root;  // folder: the root, or with an overlay an empty one to mount on
    bool read_only = false;
    std::vector<BoxMount> mounts;  // volumes and files (/etc/hosts …); a later one lies over an earlier one
    std::int64_t shm_size = 0;     // bytes; 0: 64 MiB
    Share network, ipc, pid, uts, cgroup, user;
    std::vector<IdMap> uid_map, gid_map;  // with user.kind own
    BoxSecurity security;
    std::vector<BoxDevice> devices;
    std::vector<std::string> device_rules;  // device_cgroup_rules: "c 1:3 mr"
    Resources resources;                    // devices are computed
    std::vector<BoxUlimit> ulimits;
    std::map<std::string, std::string> sysctls;
    std::optional<std::int64_t> oom_score_adj;
    std::string cgroup_parent;  // empty: "/tutti"
    std::map<std::string, std::string> annotations;
    Hooks hooks;
    std::string init_program;  // host path of the program for `init` (shim_program_path)
    bool operator==(const BoxRequest&) const = default;
};

// What to_spec wants to know of the machine; a value, so tests say it.
struct Machine {
    bool apparmor = false, selinux = false, cgroup_v2 = false, time_namespace = false;
    unsigned possible_cpus = 1;
    std::vector<std::string> thermal_folders;  // /sys/devices/system/cpu/cpuN/thermal_throttle that exist
    std::uint64_t capabilities = 0;            // bits that this process may hand on
    std::string architecture = "x86_64";       // uname -m
    static Machine look();
};

// Throws Error invalid naming the field: an unknown capability, a device that is not there, a sysctl that is not
// namespaced, a mount target that is not absolute, a user namespace without map.
Spec to_spec(const BoxRequest& request, const Machine& machine);

// Docker's default profile for a set of capabilities, written as our own table.
Seccomp default_seccomp(const std::vector<std::string>& capabilities, const Machine& machine);
// A profile in Docker's JSON (with includes, excludes, archMap) or in OCI's, resolved for these capabilities.
Seccomp read_seccomp_profile(std::string_view json, const std::vector<std::string>& capabilities,
                             const Machine& machine);

// "net_admin" → "CAP_NET_ADMIN"; throws Error invalid with a suggestion.
std::string capability_name(std::string_view text);
int capability_number(std::string_view name);  // -1: unknown
std::vector<std::string> default_capabilities();
std::vector<std::string> all_capabilities(std::uint64_t bits);  // bit n: capability number n

}  // namespace tutti::embedded::runtime
