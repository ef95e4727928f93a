// The attached up: shows what containers write, says when they end, and stops them when it is told to.
// Used by cli's up. Ends when all that it watches is over, or was stopped.
// Creates nothing: verbs::up does, before.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "os/scope.h"
#include "verbs/faces.h"
#include "verbs/up.h"

namespace tutti::verbs {

struct AttachOptions {
    std::vector<std::string> services;  // whose output is shown
    std::vector<std::string> named;     // on the command line: those are watched and stopped; empty: all
    enum class OnExit { ignore, stop, stop_on_failure } on_exit = OnExit::ignore;
    std::string exit_code_from;
    plan::Timeout timeout;
    // Runs beside the output from when all are started, until its scope is cancelled; may be null.
    std::function<void(os::Scope& scope)> beside;
};

constexpr int detach_signal = 0;  // no signal of the kernel: leaves the containers as they are

// Starts what is created and follows it. Signals come through the queue: the first stops gracefully, the second kills.
// Returns the exit status: of a container with on_exit, 130 after a signal, else 0.
int start_attached(const model::Project& project, engine::Engine& engine, const CreateOptions& create,
                   const AttachOptions& options, base::Reporter& reporter, LogFace& face, os::Queue<int>& signals,
                   os::Scope& scope);

}  // namespace tutti::verbs
