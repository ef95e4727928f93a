// Containers: what exists and what can be done with them. See engine.h for errors and names.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/container_spec.h"
#include "engine/streams.h"
#include "engine/values.h"
#include "os/scope.h"

namespace tutti::engine {

enum class ContainerState { created, running, paused, restarting, removing, exited, dead };
enum class Health { none, starting, healthy, unhealthy };

std::string_view to_text(ContainerState state);  // as Docker writes them: "running"
std::string_view to_text(Health health);

struct ProbeResult {
    Time start, end;
    int exit_code = 0;   // -1: timed out
    std::string output;  // at most 4096 bytes
    bool operator==(const ProbeResult&) const = default;
};

struct PublishedPort {
    std::string host_ip;          // "0.0.0.0", "::", "127.0.0.1"
    std::uint16_t host_port = 0;  // 0: exposed only
    std::uint16_t container_port = 0;
    std::string protocol;
    bool operator==(const PublishedPort&) const = default;
};

struct Endpoint {
    std::string network, network_id, endpoint_id, ipv4_address, ipv6_address, gateway, ipv6_gateway, mac_address,
        interface_name;
    int ipv4_prefix = 0, ipv6_prefix = 0;
    std::vector<std::string> aliases, dns_names;
    bool operator==(const Endpoint&) const = default;
};

struct MountPoint {
    std::string type, name, source, destination, driver, mode, propagation;  // name: of a volume
    bool read_write = true;
    bool operator==(const MountPoint&) const = default;
};

// A line of `ps`: cheap to make for hundreds.
struct ContainerSummary {
    std::string id, name, image, image_id, command;  // command as one line
    Time created, started, finished;
    ContainerState state = ContainerState::created;
    Health health = Health::none;
    int exit_code = 0;
    std::string status;  // the engine's own words ("Up 2 hours (healthy)"); empty: to be derived from the fields above
    Labels labels;
    std::vector<PublishedPort> ports;
    std::vector<Endpoint> endpoints;
    std::vector<MountPoint> mounts;
    std::string network_mode;
    std::int64_t size_rw = -1, size_root = -1;  // bytes; -1: not asked for
};

// Everything known about one.
struct Container : ContainerSummary {
    ContainerSpec spec;  // as created, image defaults merged in: what `inspect` shows as Config and HostConfig
    std::string path;    // argv[0]
    std::vector<std::string> args;
    int pid = 0;  // on the host; 0: not running
    bool oom_killed = false;
    std::string error;  // why the last start failed
    int restart_count = 0;
    int failing_streak = 0;
    std::vector<ProbeResult> probes;  // the last five
    std::string log_path, hostname_path, hosts_path, resolv_conf_path, platform, driver;
    Options graph_data;
};

struct ListOptions {
    bool all = false;  // stopped ones too
    LabelFilter labels;
    bool size = false;
};

struct StopOptions {
    std::optional<std::chrono::seconds> timeout;  // nothing: the container's own, else 10 s; negative: for ever
    std::string signal;                           // empty: the container's own
};

struct RemoveOptions {
    bool force = false;  // kill a running one
    bool anonymous_volumes = false;
};

struct Process {  // a row of `top`
    std::vector<std::string> columns;
};
struct ProcessTable {
    std::vector<std::string> titles;
    std::vector<Process> rows;
};

struct Stats {
    Time read;
    std::uint64_t cpu_total = 0, cpu_system = 0;  // nanoseconds since start; of the whole machine
    int online_cpus = 0;
    std::uint64_t memory_usage = 0, memory_limit = 0, memory_cache = 0;  // bytes
    std::uint64_t network_rx = 0, network_tx = 0, block_read = 0, block_write = 0;
    std::uint64_t pids = 0;
};

enum class WaitFor { not_running, next_exit, removed };

class Containers {
  public:
    virtual ~Containers() = default;

    virtual std::vector<ContainerSummary> list(const ListOptions& options) = 0;
    virtual Container inspect(const std::string& name) = 0;
    virtual std::string create(const ContainerSpec& spec) = 0;  // the id; warnings go to the log. Does not pull.
    // Running already: no error. Its answer is for the user, a line each: what this machine did not give as asked for.
    virtual std::vector<std::string> start(const std::string& name) = 0;
    virtual void stop(const std::string& name, const StopOptions& options,
                      const os::Cancel& cancel) = 0;  // stopped: no error
    virtual void restart(const std::string& name, const StopOptions& options, const os::Cancel& cancel) = 0;
    virtual void kill(const std::string& name, const std::string& signal) = 0;  // "SIGTERM", "TERM" or "15"
    virtual void pause(const std::string& name) = 0;
    virtual void unpause(const std::string& name) = 0;
    virtual void remove(const std::string& name, const RemoveOptions& options) = 0;
    virtual void rename(const std::string& name, const std::string& new_name) = 0;
    virtual void update(const std::string& name, const Resources& resources,
                        const std::optional<RestartPolicy>& restart) = 0;
    virtual int wait(const std::string& name, WaitFor what, const os::Cancel& cancel) = 0;  // exit code

    virtual std::unique_ptr<Attached> attach(const std::string& name, const AttachOptions& options) = 0;
    virtual void logs(const std::string& name, const LogOptions& options, const LogSink& sink,
                      const os::Cancel& cancel) = 0;
    virtual std::unique_ptr<Exec> exec(const std::string& name, const ExecSpec& spec) = 0;  // started
    virtual void resize(const std::string& name, int rows, int columns) = 0;
    virtual ProcessTable top(const std::string& name, const std::vector<std::string>& ps_args) = 0;
    virtual Stats stats(const std::string& name) = 0;

    // Tar streams. copy_out: `path` and below; its base name is the root of the archive. copy_in: unpacked below folder
    // `path`.
    virtual void copy_out(const std::string& name, const std::string& path,
                          const std::function<void(std::string_view)>& sink) = 0;
    virtual void copy_in(const std::string& name, const std::string& path, const std::function<std::string()>& source,
                         bool keep_owner) = 0;  // source returns "" at the end
    struct PathStat {
        std::string name, link_target;
        std::int64_t size = 0;
        std::uint32_t mode = 0;  // st_mode
        Time modified;
    };
    virtual std::optional<PathStat> stat_path(const std::string& name, const std::string& path) = 0;
    virtual void export_(const std::string& name, const std::function<void(std::string_view)>& sink) = 0;
    struct CommitOptions {
        std::string reference, author, message;
        std::vector<std::string> changes;  // Dockerfile lines
        bool pause = true;
    };
    virtual std::string commit(const std::string& name, const CommitOptions& options) = 0;  // image id
};

}  // namespace tutti::engine
