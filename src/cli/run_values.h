// The values of docker run's flags in the engine's words: "-p 8080:80", "--mount type=bind,…", "--memory 512m".
// Used by container run, create and update.
// Pure but for relative paths, which the caller places. Throws Error (invalid) that names the flag and the rule.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "engine/container_spec.h"
#include "engine/containers.h"

namespace tutti::cli {

using Place = std::function<std::string(const std::string& path)>;  // a path of the user's, made absolute

engine::MountSpec parse_volume_flag(const std::string& text, const Place& place);  // -v
engine::MountSpec parse_mount_flag(const std::string& text, const Place& place);   // --mount
engine::MountSpec parse_tmpfs_flag(const std::string& text);                       // --tmpfs PATH[:OPTIONS]
std::vector<engine::PortSpec> parse_publish_flag(const std::string& text);         // -p
std::vector<std::string> parse_expose_flag(const std::string& text);               // "80/tcp" each
engine::EndpointSpec parse_network_flag(const std::string& text);                  // a name, or name=X,alias=Y,…
engine::DeviceSpec parse_device_flag(const std::string& text);
engine::DeviceRequest parse_gpus_flag(const std::string& text);
engine::Ulimit parse_ulimit_flag(const std::string& text);
engine::RestartPolicy parse_restart_flag(const std::string& text);
std::int64_t parse_bytes_flag(std::string_view flag, const std::string& text);  // "512m"; "" is 0, "-1" is -1

// Fields of a line of CSV as Go reads it: "a,\"b,c\"" → a and b,c.
std::vector<std::string> csv_fields(const std::string& text);
// The lines K=V (or K, taken from `environment`) of an --env-file or --label-file.
std::vector<std::string> env_file_lines(const std::string& content,
                                        const std::map<std::string, std::string>& environment);

// The flags that limit resources, which run, create and update share.
inline constexpr std::array limit_flags{
    Flag{.name = "blkio-weight",
         .kind = FlagKind::integer,
         .help = "Block IO (relative weight), between 10 and 1000, or 0 to disable",
         .fallback = "0"},
    Flag{.name = "cpu-period", .kind = FlagKind::integer, .help = "Limit CPU CFS period (microseconds)"},
    Flag{.name = "cpu-quota", .kind = FlagKind::integer, .help = "Limit CPU CFS quota (microseconds)"},
    Flag{.name = "cpu-rt-period", .kind = FlagKind::integer, .help = "Limit CPU real-time period (microseconds)"},
    Flag{.name = "cpu-rt-runtime", .kind = FlagKind::integer, .help = "Limit CPU real-time runtime (microseconds)"},
    Flag{.name = "cpu-shares", .letter = 'c', .kind = FlagKind::integer, .help = "CPU shares (relative weight)"},
    Flag{.name = "cpus", .kind = FlagKind::text, .help = "Number of CPUs", .type = "decimal"},
    Flag{.name = "cpuset-cpus", .kind = FlagKind::text, .help = "CPUs in which to allow execution (0-3, 0,1)"},
    Flag{.name = "cpuset-mems", .kind = FlagKind::text, .help = "MEMs in which to allow execution (0-3, 0,1)"},
    Flag{.name = "memory", .letter = 'm', .kind = FlagKind::text, .help = "Memory limit", .type = "bytes"},
    Flag{.name = "memory-reservation", .kind = FlagKind::text, .help = "Memory soft limit", .type = "bytes"},
    Flag{.name = "memory-swap",
         .kind = FlagKind::text,
         .help = "Memory and swap limit: '-1' to enable unlimited swap",
         .type = "bytes"},
    Flag{.name = "pids-limit",
         .kind = FlagKind::integer,
         .help = "Limit the number of processes (set -1 for unlimited)"},
};
void read_limits(const Arguments& arguments, engine::Resources& resources);

}  // namespace tutti::cli
