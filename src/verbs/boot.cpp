#include "verbs/boot.h"

#include <map>

#include "base/error.h"
#include "base/text.h"
#include "plan/graph.h"
#include "plan/reconcile.h"
#include "plan/run.h"
#include "state/from_labels.h"
#include "state/labels.h"
#include "verbs/project_lock.h"

namespace tutti::verbs {

namespace {

using base::cat;
using base::Error;
using engine::ContainerState;
using Policy = engine::RestartPolicy::Kind;

constexpr int vanished = 255;  // the exit code of a process that nobody saw end

bool is_wanted(const engine::Container& container) {
    if (container.state != ContainerState::exited) return false;
    if (container.spec.restart.kind == Policy::always) return true;
    return container.spec.restart.kind == Policy::unless_stopped && container.exit_code == vanished;
}

// Without order, for those whose order cannot be kept. False: some did not start.
bool start_each(engine::Engine& engine, const std::vector<engine::Container>& containers, base::Reporter& reporter) {
    bool all = true;
    for (const engine::Container& container : containers) {
        try {
            engine.containers().start(container.id);
        } catch (const Error& error) {
            all = false;
            reporter.warn(cat(container.name, " does not start: ", error.what()));
        }
    }
    return all;
}

bool start_project(const std::string& name, const std::vector<engine::Container>& containers, engine::Engine& engine,
                   const Limits& limits, base::Reporter& reporter, os::Scope& scope) {
    std::vector<std::string> services;
    for (const engine::Container& container : containers)
        if (const auto service = container.labels.find(std::string(state::label::service));
            service != container.labels.end())
            services.push_back(service->second);
    try {
        const ProjectLock lock(limits.dry_run ? std::string() : limits.lock_folder, name, "boot start", reporter,
                               scope.cancel());
        const state::ProjectState state = state::observe(engine, name);
        const model::Project project = plan::select(state::project_from_labels(state), services, plan::Along::nothing);
        run_or_rehearse(plan::start_plan(project, state, {}), name, engine, limits, reporter, scope);
        return true;
    } catch (const Error& error) {
        reporter.warn(cat("project ", name, ": ", error.what(), "; the rest of it starts without waiting"));
    }
    static_cast<void>(start_each(engine, containers, reporter));
    return false;
}

}  // namespace

std::vector<engine::Container> wanted_at_boot(engine::Engine& engine) {
    std::vector<engine::Container> wanted;
    engine::ListOptions all;
    all.all = true;
    for (const engine::ContainerSummary& summary : engine.containers().list(all)) {
        engine::Container container = engine.containers().inspect(summary.id);
        if (is_wanted(container)) wanted.push_back(std::move(container));
    }
    return wanted;
}

bool start_at_boot(engine::Engine& engine, const Limits& limits, base::Reporter& reporter, os::Scope& scope) {
    std::map<std::string, std::vector<engine::Container>> projects;
    for (engine::Container& container : wanted_at_boot(engine)) {
        const auto project = container.labels.find(std::string(state::label::project));
        projects[project == container.labels.end() ? std::string() : project->second].push_back(std::move(container));
    }
    bool all = true;
    for (const auto& [name, containers] : projects) {
        if (!name.empty())
            all = start_project(name, containers, engine, limits, reporter, scope) && all;
        else if (!limits.dry_run)
            all = start_each(engine, containers, reporter) && all;
    }
    return all;
}

}  // namespace tutti::verbs
