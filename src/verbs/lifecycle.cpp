#include "verbs/lifecycle.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/run.h"
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

void check_services(const model::Project& project, const std::vector<std::string>& services) {
    for (const std::string& name : services)
        if (!project.services.count(name))
            throw base::Error(base::ErrorKind::not_found, base::cat("no such service: ", name));
}

}  // namespace tutti::verbs
