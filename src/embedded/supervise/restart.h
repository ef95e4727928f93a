// Whether and when a container that has ended runs again: Docker's policies and its back-off.
// Used by the supervisor. Pure: knows no clock and no container.
#pragma once

#include <chrono>
#include <optional>

#include "engine/container_spec.h"

namespace tutti::embedded::supervise {

struct Ending {
    int exit_code = 0;
    std::chrono::nanoseconds ran_for{0};
    bool stop_wanted = false;  // by a person
};

// The delay before the next start, or nothing: it stays as it is. `restarts` counts those since a person started it,
// `last_delay` is what this function gave last (zero: never).
std::optional<std::chrono::nanoseconds> restart_after(const engine::RestartPolicy& policy, const Ending& ending,
                                                      int restarts, std::chrono::nanoseconds last_delay);

}  // namespace tutti::embedded::supervise
