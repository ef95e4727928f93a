// Plans that end things, in the reverse of the order in which they started: stop, kill, remove, down, pause.
// Used by the verbs of these names.
// Work from a project of files or of labels alike.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "state/project_state.h"

namespace tutti::plan {

struct DownOptions {
    std::vector<std::string> services;  // with those that depend on them; empty: all
    bool remove_orphans = false;
    bool volumes = false;
    Timeout timeout;
    std::vector<std::string> images;  // to be removed as well
};

Plan stop_plan(const model::Project& project, const state::ProjectState& state,
               const std::vector<std::string>& services, Timeout timeout);
Plan down_plan(const model::Project& project, const state::ProjectState& state, const DownOptions& options);

// Restarts in dependency order; project holds only the services and the dependencies that count.
Plan restart_plan(const model::Project& project, const state::ProjectState& state, Timeout timeout);

}  // namespace tutti::plan
