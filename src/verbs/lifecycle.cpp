#include "verbs/lifecycle.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/run.h"
#include "state/labels.h"
#include "verbs/providers.h"

namespace tutti::verbs {

void run_or_rehearse(const plan::Plan& plan, const std::string& project, engine::Engine& engine, const Limits& limits,
                     base::Reporter& reporter, os::Scope& scope) {
    if (limits.dry_run) return plan::rehearse(plan, reporter);
    plan::run(plan, engine, reporter, scope, {project, limits.parallel, {}, {}, {}});
}

void run_or_rehearse(const plan::Plan& plan, const model::Project& project, engine::Engine& engine,
                     const Limits& limits, base::Reporter& reporter, os::Scope& scope) {
    if (limits.dry_run) return plan::rehearse(plan, reporter);
    plan::run(plan, engine, reporter, scope,
              {project.name, limits.parallel, {}, {}, provider_call(project, reporter, scope.cancel())});
}

void warn_of_namesake(const model::Project& project, const state::ProjectState& state, base::Reporter& reporter) {
    for (const state::Container& container : state.containers) {
        const std::string_view folder = container.label(state::label::working_dir);
        if (folder.empty() || folder == project.working_dir || project.working_dir.empty()) continue;
        reporter.warn(base::cat("project name \"", project.name, "\" is in use by containers created from ", folder,
                                ". Use -p or `name:` to tell the two apart"));
        return;
    }
}

void check_services(const model::Project& project, const std::vector<std::string>& services) {
    for (const std::string& name : services)
        if (!project.services.count(name))
            throw base::Error(base::ErrorKind::not_found, base::cat("no such service: ", name));
}

}  // namespace tutti::verbs
