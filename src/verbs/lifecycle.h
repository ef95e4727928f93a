// The verbs that take containers as they are: start, stop, restart, kill, rm, pause, unpause, down. One file each.
// Used by cli. All work without a file, from labels.
// Nothing is created here but what a start needs.
#pragma once

#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/engine.h"
#include "os/scope.h"
#include "plan/plan.h"
#include "state/project_state.h"
#include "verbs/faces.h"

namespace tutti::verbs {

// Whose containers: with files, the project; without, its name alone (the project is made from labels).
struct Target {
    std::string name;
    const model::Project* project = nullptr;
    std::vector<std::string> services;  // named ones; empty: all
};

struct Limits {
    std::size_t parallel = 0;  // 0: none
    bool dry_run = false;
    std::string lock_folder;
};

struct StartOptions {
    bool wait = false;
    std::chrono::nanoseconds wait_timeout{0};
};
void start(const Target& target, engine::Engine& engine, const StartOptions& options, const Limits& limits,
           base::Reporter& reporter, os::Scope& scope);

void stop(const Target& target, engine::Engine& engine, plan::Timeout timeout, const Limits& limits,
          base::Reporter& reporter, os::Scope& scope);

struct RestartOptions {
    plan::Timeout timeout;
    bool no_deps = false;
};
void restart(const Target& target, engine::Engine& engine, const RestartOptions& options, const Limits& limits,
             base::Reporter& reporter, os::Scope& scope);

struct KillOptions {
    std::string signal = "SIGKILL";
    bool remove_orphans = false;
};
// False: there was nothing to kill.
bool kill(const Target& target, engine::Engine& engine, const KillOptions& options, const Limits& limits,
          base::Reporter& reporter, os::Scope& scope);

void pause(const Target& target, engine::Engine& engine, bool pause, const Limits& limits, base::Reporter& reporter,
           os::Scope& scope);

struct RemoveOptions {
    bool stop = false, force = false, volumes = false;
    Ask ask;
    std::function<void(std::string_view)> say;  // what goes, with force
};
// False: there was nothing to remove.
bool remove(const Target& target, engine::Engine& engine, const RemoveOptions& options, const Limits& limits,
            base::Reporter& reporter, os::Scope& scope);

struct DownOptions {
    bool remove_orphans = false, volumes = false;
    std::string images;  // "", local, all
    plan::Timeout timeout;
};
void down(const Target& target, engine::Engine& engine, const DownOptions& options, const Limits& limits,
          base::Reporter& reporter, os::Scope& scope);

// For the files of these verbs.
void run_or_rehearse(const plan::Plan& plan, const model::Project& project, engine::Engine& engine,
                     const Limits& limits, base::Reporter& reporter, os::Scope& scope);
void run_or_rehearse(const plan::Plan& plan, const std::string& project, engine::Engine& engine, const Limits& limits,
                     base::Reporter& reporter, os::Scope& scope);
// Two folders whose projects have one name take each other's containers: said before anything is touched.
void warn_of_namesake(const model::Project& project, const state::ProjectState& state, base::Reporter& reporter);
void check_services(const model::Project& project, const std::vector<std::string>& services);

}  // namespace tutti::verbs
