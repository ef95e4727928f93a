// why: what state a service is in and how it got there, on one screen.
// Used by cli. Reads only: labels, records, events, logs, the files that are mounted.
// Says what is known and the next step; guesses nothing.
#pragma once

#include <string>

#include "engine/engine.h"
#include "plan/reconcile.h"

namespace tutti::verbs {

struct WhyOptions {
    std::int64_t log_lines = 10;
    bool host_is_here = true;          // files and sockets of this machine are the engine's
    plan::ReconcileOptions reconcile;  // as `up` would have them, to tell what has changed
    engine::Time now;
};

// project: null without files. Throws not_found when neither the files nor a container know the service.
std::string why(const std::string& project_name, const model::Project* project, const std::string& service,
                engine::Engine& engine, const WhyOptions& options, const os::Cancel& cancel);

}  // namespace tutti::verbs
