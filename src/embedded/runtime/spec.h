// The OCI runtime specification 1.2, its Linux part, as a value: what a box is to be.
// Made by oci_config.cpp or read from a bundle's config.json; lowered by native/, written out for external/.
// Knows nothing of Docker's defaults, nor of how it is carried out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "embedded/runtime/spec_linux.h"

namespace tutti::embedded::runtime {

struct User {
    std::uint32_t uid = 0, gid = 0;
    std::optional<std::uint32_t> umask;
    std::vector<std::uint32_t> additional_gids;
    bool operator==(const User&) const = default;
};

struct Capabilities {  // "CAP_NET_RAW"
    std::vector<std::string> bounding, effective, inheritable, permitted, ambient;
    bool operator==(const Capabilities&) const = default;
};

struct Rlimit {
    std::string type;  // "RLIMIT_NOFILE"
    std::uint64_t hard = 0, soft = 0;
    bool operator==(const Rlimit&) const = default;
};

struct ConsoleSize {
    std::uint32_t height = 0, width = 0;
    bool operator==(const ConsoleSize&) const = default;
};

struct Scheduler {
    std::string policy;  // "SCHED_BATCH"
    std::optional<std::int64_t> nice, priority;
    std::vector<std::string> flags;
    std::optional<std::uint64_t> runtime, deadline, period;
    bool operator==(const Scheduler&) const = default;
};

struct IoPriority {
    std::string io_class;  // "IOPRIO_CLASS_BE"
    std::int64_t priority = 0;
    bool operator==(const IoPriority&) const = default;
};

struct Process {
    bool terminal = false;
    std::optional<ConsoleSize> console_size;
    User user;
    std::vector<std::string> args, env;
    std::string cwd = "/";
    std::optional<Capabilities> capabilities;  // absent: none at all
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::string apparmor_profile, selinux_label;
    std::optional<std::int64_t> oom_score_adj;
    std::optional<Scheduler> scheduler;
    std::optional<IoPriority> io_priority;
    bool operator==(const Process&) const = default;
};

struct Root {
    std::string path;  // relative: to the bundle
    bool readonly = false;
    bool operator==(const Root&) const = default;
};

struct Mount {
    std::string destination, type, source;
    std::vector<std::string> options;
    std::vector<IdMap> uid_mappings, gid_mappings;  // of an idmapped mount
    bool operator==(const Mount&) const = default;
};

struct Hook {
    std::string path;
    std::vector<std::string> args, env;
    std::optional<std::int64_t> timeout;  // seconds
    bool operator==(const Hook&) const = default;
};

struct Hooks {
    std::vector<Hook> prestart, create_runtime, create_container, start_container, poststart, poststop;
    bool operator==(const Hooks&) const = default;
    bool empty() const {
        return prestart.empty() && create_runtime.empty() && create_container.empty() && start_container.empty() &&
               poststart.empty() && poststop.empty();
    }
};

struct Spec {
    std::string oci_version = "1.2.0";
    std::optional<Process> process;
    Root root;
    std::string hostname, domainname;
    std::vector<Mount> mounts;
    Hooks hooks;
    std::map<std::string, std::string> annotations;
    Linux linux_;
    bool operator==(const Spec&) const = default;
};

}  // namespace tutti::embedded::runtime
