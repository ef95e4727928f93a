// Waits until containers are healthy, running or done: woken by the engine's events, never by a clock.
// Used by run; one for all waits of a plan. Subscribes at the first wait that does not hold at once.
// Starts nothing.
#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "os/scope.h"
#include "plan/plan.h"

namespace tutti::plan {

class Conditions {
  public:
    Conditions(engine::Engine& engine, std::string project, const os::Cancel& cancel);
    ~Conditions();

    // Returns once the condition holds; throws Error when it never will ("container demo-db-1 is unhealthy", "… exited
    // (3)", "… has no healthcheck configured"; for completed: the exit code is returned instead). False: timed out.
    struct Outcome {
        bool held = true;
        int exit_code = 0;  // of a completed one
    };
    Outcome wait(const WaitFor& what, os::Until until);

  private:
    void subscribe();
    using Seen = std::map<std::string, os::Clock::time_point>;  // when each was first seen running
    bool holds(const WaitFor& what, int& exit_code, Seen& seen, os::Until& again);

    engine::Engine& engine_;
    std::string project_;
    std::mutex mutex_;
    std::condition_variable news_;
    std::uint64_t heard_ = 0;  // events so far
    bool ready_ = false, subscribed_ = false;
    std::exception_ptr failure_;
    os::Scope listening_;  // joined first
};

}  // namespace tutti::plan
