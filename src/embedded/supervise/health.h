// The health of one run of a container: when to probe, and what the results make of it (Docker's state machine).
// Used by the supervisor. Pure: time comes in by argument, probing is the caller's business.
#pragma once

#include <optional>
#include <vector>

#include "engine/containers.h"
#include "os/scope.h"

namespace tutti::embedded::supervise {

class HealthWatch {
  public:
    using Point = os::Clock::time_point;

    HealthWatch(const engine::HealthCheck& check, Point started);
    // Goes on where another supervisor stopped: what it had recorded, and how long ago the run started.
    void resume(engine::Health status, int failing_streak, std::vector<engine::ProbeResult> probes);

    os::Until next() const { return next_; }  // when the next probe is due; nothing while one runs or while paused
    std::chrono::nanoseconds timeout() const { return timeout_; }

    void probe_started(Point now);
    // A probe's result; exit code 0 is healthy, everything else is not. True: the status has changed.
    bool probe_ended(Point now, engine::ProbeResult result);
    void pause();  // no probes; a running one's result is not to be given any more
    void unpause(Point now);

    engine::Health status() const { return status_; }
    int failing_streak() const { return failing_streak_; }
    const std::vector<engine::ProbeResult>& probes() const { return probes_; }  // the last five, oldest first

  private:
    std::chrono::nanoseconds interval(Point now) const;

    std::chrono::nanoseconds interval_, timeout_, start_period_, start_interval_;
    int retries_;
    Point started_, probe_start_;
    os::Until next_;
    engine::Health status_ = engine::Health::starting;
    int failing_streak_ = 0;
    std::vector<engine::ProbeResult> probes_;
};

bool is_wanted(const std::optional<engine::HealthCheck>& check);  // there is a test, and it is not NONE

// What a probe executes: CMD as it is, CMD-SHELL through the image's shell (empty: /bin/sh -c).
std::vector<std::string> probe_command(const engine::HealthCheck& check, const std::vector<std::string>& shell);

// A probe's output as it is kept: 4096 bytes, then "...".
std::string cut_output(std::string output);

}  // namespace tutti::embedded::supervise
