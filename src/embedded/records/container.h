// What is known about one container, as small JSON files in its folder; each file has one writer at a time.
// Used by the container face (config, state), the supervisor (health, restart) and whoever lists.
// Knows no box: whether one lives is asked of the kernel and of the shim's exit record (alive.h).
//
//   config.json   what it is; written by create, rename, update
//   state.json    what a line of `ps` needs and how its last run stands; written under the container's lock
//   health.json   written by the supervisor only
//   restart.json  written by the supervisor only
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/containers.h"
#include "os/file.h"

namespace tutti::embedded::records {

struct Config {
    std::string id;
    engine::ContainerSpec spec;  // image defaults merged in
    std::string image_id;        // "sha256:…"
    engine::Time created;
    std::vector<std::string> args;   // what is executed: entrypoint and command
    std::vector<std::string> shell;  // of the image, for CMD-SHELL probes
    std::vector<std::string> anonymous_volumes;
    std::string project;  // whose supervisor watches it; empty: the unnamed one
};

// How far the last run got, as its starter knows it. An ended run shows in the shim's exit record first.
enum class Phase { created, starting, running, ended, dead };

struct State {
    // a line of `ps`
    std::string name, image, image_id, command, network_mode;
    engine::Time created;
    engine::Labels labels;
    std::vector<engine::PublishedPort> ports;
    std::vector<engine::Endpoint> endpoints;
    std::vector<engine::MountPoint> mounts;
    bool has_health_check = false, restarts = false;  // whether health.json and restart.json are worth reading
    // the last run
    Phase phase = Phase::created;
    std::int64_t run = 0;  // counts starts
    int pid = 0, shim_pid = 0;
    std::uint64_t pid_started = 0, shim_started = 0;  // clock ticks since boot: tell reuse of a number
    std::string boot_id;                              // of the machine when it was started
    engine::Time started, finished;
    int exit_code = 0;
    bool oom_killed = false, paused = false;
    bool stop_wanted = false;  // by a person: no restart follows
    bool removing = false;
    bool automatic = false;  // the last start was a restart by policy
    std::string error;       // why the last start failed
};

struct HealthRecord {
    std::int64_t run = 0;  // of which run this tells
    engine::Health status = engine::Health::none;
    int failing_streak = 0;
    std::vector<engine::ProbeResult> probes;  // the last five
};

struct RestartRecord {
    std::int64_t run = 0;  // the last run whose end is dealt with
    int count = 0;         // restarts so far
    bool waiting = false;  // a restart is due after that run
    engine::Time due;
    std::int64_t delay = 0;  // nanoseconds; the one that the next is doubled from
};

// The folders of one container.
class Folder {
  public:
    Folder(const std::string& root, const std::string& run_dir, const std::string& id);

    const std::string& id() const { return id_; }
    const std::string& path() const { return path_; }          // on disk
    const std::string& run_path() const { return run_path_; }  // gone after a reboot; the shim's
    std::string file(std::string_view name) const;

    bool exists() const;
    Config config() const;  // throws Error not_found "No such container: ID"
    std::optional<State> state() const;
    std::optional<HealthRecord> health() const;
    std::optional<RestartRecord> restart() const;

    void save(const Config& config) const;
    void save(const State& state) const;
    void save(const HealthRecord& health) const;
    void save(const RestartRecord& restart) const;

    // Whoever starts, settles, changes or removes it holds this. Throws Error not_found once it is removed.
    os::FileLock lock() const;
    std::optional<os::FileLock> try_lock() const;  // nothing: somebody holds it, or it is gone

  private:
    std::string id_, path_, run_path_;
};

// Ids of all containers that are whole (in the making or half removed: names that begin with a point).
std::vector<std::string> container_ids(const std::string& root);

}  // namespace tutti::embedded::records
