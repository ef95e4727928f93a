// The supervisor of one project: one process, one poll loop. Watches its containers' shims, probes health, restarts,
// answers names, relays ports; goes when nothing of the project lives or waits for a restart. Parent of nothing but its
// own helpers, so it may be killed at any moment and started again.
#pragma once

#include <string>
#include <vector>

#include "embedded/supervise/settle.h"

namespace tutti::embedded::supervise {

struct SupervisorOptions {
    std::string root, run, project;
    std::vector<std::string> helper;  // command line before "restart ID RUN" and "auto-remove ID"
    Tools tools;
};

// Returns when there is nothing to do any more, or at once if another supervisor of the project lives.
void run_supervisor(const SupervisorOptions& options);

}  // namespace tutti::embedded::supervise
