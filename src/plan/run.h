// Runs a plan: each step as soon as what must come before it is over, in parallel; the first failure ends the rest.
// The only place that changes the world on behalf of a project. Used by verbs.
// Decides nothing: what is not in the plan does not happen.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/reporter.h"
#include "engine/engine.h"
#include "os/scope.h"
#include "plan/plan.h"

namespace tutti::plan {

using ProviderCall = std::function<void(const model::Service& service, const std::string& action)>;

struct RunOptions {
    std::string project;                        // whose events tell that a condition holds
    std::size_t width = 0;                      // steps at once (--parallel); 0: no limit
    std::chrono::nanoseconds await_timeout{0};  // for conditions; 0: none
    // Lines that hooks print: "web-1 ->" or "web pre_start[0] ->" and the line.
    std::function<void(const std::string& source, std::string_view line)> hook_output;
    ProviderCall provider;  // what RunProvider steps call; shows its own progress
};

void run(const Plan& plan, engine::Engine& engine, base::Reporter& reporter, os::Scope& scope,
         const RunOptions& options);

// The progress that run() would show, without doing anything.
void rehearse(const Plan& plan, base::Reporter& reporter);

}  // namespace tutti::plan
