// Wanted + there → Plan. Pure: two values in, a third out; the only questions asked are those in the options.
// Used by up, create, run, scale, watch, plan. Its rules are Compose's (docs/reference): what is created, kept,
// recreated, in which order, and what is waited for before a start.
// Does not pull images: plan/images.h does, before the state is observed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/spec/spec.h"
#include "state/project_state.h"

namespace tutti::plan {

enum class Recreate { diverged, force, never };

struct ReconcileOptions {
    std::vector<std::string> services;  // those that were named; empty: all
    Recreate recreate = Recreate::diverged;
    Recreate recreate_dependencies = Recreate::diverged;  // of services that were not named
    bool inherit_volumes = true;                          // anonymous ones, on recreate
    bool remove_orphans = false;
    bool skip_providers = false;
    bool start = true;
    bool await = false;  // until all run, are healthy or have completed
    Timeout timeout;     // for stops
    // Asked before data is lost; nothing: no.
    std::function<bool(const std::string& question)> confirm;
    // For the cause of a recreation in words; nothing: only that the configuration changed.
    std::function<std::optional<engine::Container>(const std::string& id)> inspect;
    spec::Options spec;
};

Plan reconcile(const model::Project& project, const state::ProjectState& state, const ReconcileOptions& options);

// Starts what there is, in order, waiting as depends_on says: `start`, and the second half of `up`.
Plan start_plan(const model::Project& project, const state::ProjectState& state, const ReconcileOptions& options);

// What a user should know before: resources of others that are used, leftovers of renames.
std::vector<std::string> remarks(const model::Project& project, const state::ProjectState& state);

// Containers of no service of the project, and one-offs that are over.
std::vector<const state::Container*> orphans(const model::Project& project, const state::ProjectState& state);

// Names of the containers that run and that the plan leaves alone.
std::vector<std::string> untouched(const model::Project& project, const state::ProjectState& state, const Plan& plan);

// The condition that `up --wait` waits for.
Condition awaited(const model::Project& project, const std::string& service);

}  // namespace tutti::plan
