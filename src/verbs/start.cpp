#include "base/error.h"
#include "base/text.h"
#include "plan/graph.h"
#include "plan/reconcile.h"
#include "state/from_labels.h"
#include "verbs/lifecycle.h"
#include "verbs/project_lock.h"
#include "verbs/up.h"

namespace tutti::verbs {

using base::cat;

void start(const Target& target, engine::Engine& engine, const StartOptions& options, const Limits& limits,
           base::Reporter& reporter, os::Scope& scope) {
    const ProjectLock lock(limits.dry_run ? std::string() : limits.lock_folder, target.name, "start", reporter,
                           scope.cancel());
    const state::ProjectState state = state::observe(engine, target.name);
    if (!target.project && state.containers.empty())
        throw base::Error(base::ErrorKind::not_found,
                          cat("no container found for project \"", target.name, "\": not found"));
    const model::Project whole = target.project ? *target.project : state::project_from_labels(state);
    for (const std::string& name : target.services)
        if (!whole.services.count(name))
            throw base::Error(base::ErrorKind::not_found, cat("no such service: ", target.project ? "" : "\"", name,
                                                              target.project ? "" : "\": not found"));
    const model::Project project = plan::select(whole, target.services, plan::Along::dependencies);
    CreateOptions create;
    create.reconcile.await = options.wait;
    create.parallel = limits.parallel;
    create.await_timeout = options.wait_timeout;
    const plan::Plan plan = plan::start_plan(project, state, create.reconcile);
    if (limits.dry_run) return plan::rehearse(plan, reporter);
    run_plan(plan, project, engine, create, reporter, scope);
}

}  // namespace tutti::verbs
