// create and up: observe, plan, run.
// Used by cli; scale, watch and run go the same way.
// The attached up is in attached.h.
#pragma once

#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/engine.h"
#include "os/scope.h"
#include "plan/reconcile.h"
#include "plan/run.h"
#include "verbs/build.h"

namespace tutti::verbs {

struct CreateOptions {
    plan::ReconcileOptions reconcile;
    bool ignore_orphans = false, quiet_pull = false, no_build = false;
    bool dry_run = false;
    std::size_t parallel = 0;  // 0: no limit
    std::string lock_folder;   // empty: none
    bool host_sockets = true;  // the engine publishes on this machine
    std::chrono::nanoseconds await_timeout{0};
    std::function<void(const std::string& source, std::string_view line)> hook_output;
    BuildOptions build;
};

// Creates what is missing and starts it unless options.reconcile.start is off.
void up(const model::Project& project, engine::Engine& engine, const CreateOptions& options, base::Reporter& reporter,
        os::Scope& scope);

// What up would do, as a plan: for `plan` and --dry-run. Images that would be pulled come first.
plan::Plan planned(const model::Project& project, engine::Engine& engine, const CreateOptions& options,
                   base::Reporter& reporter);

// Pulls what the policies ask for and looks at the images again. Builds what has to be built.
void ensure_images(const model::Project& project, state::ProjectState& state, engine::Engine& engine,
                   const CreateOptions& options, base::Reporter& reporter, os::Scope& scope);

// Runs a plan of this project with the options' limits; a failure says why containers are not well.
void run_plan(const plan::Plan& plan, const model::Project& project, engine::Engine& engine,
              const CreateOptions& options, base::Reporter& reporter, os::Scope& scope);

// "http://localhost:8080" per published tcp port of running containers, by service.
std::vector<std::string> addresses(const model::Project& project, engine::Engine& engine);

}  // namespace tutti::verbs
