// How a container stands right now, put together from its records, its shim's exit record and the kernel.
// Used by list, inspect and everybody who asks "does it run?". Changes nothing.
#pragma once

#include <optional>

#include "embedded/records/container.h"
#include "embedded/shim/exit_record.h"

namespace tutti::embedded::records {

// What there is to be known; each may be absent.
struct Evidence {
    State state;
    bool shim_alive = false, process_alive = false;  // looked at only while state says that it runs
    std::optional<shim::ExitRecord> exit;
    std::optional<HealthRecord> health;
    std::optional<RestartRecord> restart;
};

struct View {
    engine::ContainerState state = engine::ContainerState::created;
    engine::Health health = engine::Health::none;
    int exit_code = 0, pid = 0, restart_count = 0;
    engine::Time started, finished;
    bool oom_killed = false;
    bool settled = true;  // false: the run has ended, and nobody has freed what it held
};

View view(const Evidence& evidence);  // pure

Evidence look(const Folder& folder, State state);

bool process_alive(int pid, std::uint64_t started);  // the very same process, not another of its number
std::uint64_t process_start_time(int pid);           // clock ticks since boot; 0: there is none
std::string boot_id();

}  // namespace tutti::embedded::records
