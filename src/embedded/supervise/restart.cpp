#include "embedded/supervise/restart.h"

#include <algorithm>

namespace tutti::embedded::supervise {

using namespace std::chrono_literals;
using Kind = engine::RestartPolicy::Kind;

static constexpr std::chrono::nanoseconds first_delay = 100ms, longest_delay = 1min, good_run = 10s;

static bool wants_restart(const engine::RestartPolicy& policy, const Ending& ending, int restarts) {
    if (ending.stop_wanted) return false;
    switch (policy.kind) {
        case Kind::no: return false;
        case Kind::always:
        case Kind::unless_stopped: return true;
        case Kind::on_failure:
            return ending.exit_code != 0 && (policy.max_retries == 0 || restarts < policy.max_retries);
    }
    return false;
}

std::optional<std::chrono::nanoseconds> restart_after(const engine::RestartPolicy& policy, const Ending& ending,
                                                      int restarts, std::chrono::nanoseconds last_delay) {
    if (!wants_restart(policy, ending, restarts)) return std::nullopt;
    if (last_delay == 0ns || ending.ran_for >= good_run) return first_delay;
    return std::min(last_delay * 2, longest_delay);
}

}  // namespace tutti::embedded::supervise
