// Providers: programs that stand for a service in place of containers (`provider:`). Found as Docker CLI plugins or on
// PATH, called as `PROGRAM compose --project-name=P up|down|stop --option=value SERVICE`; they answer in lines of JSON.
// Used by up, run, stop and down.
// What they set becomes environment of the services that depend on them: plan/spec does that.
#pragma once

#include <string>

#include "base/reporter.h"
#include "model/project.h"
#include "os/scope.h"
#include "plan/run.h"
#include "plan/spec/spec.h"

namespace tutti::verbs {

// Runs one to its end. Throws Error: not_found (no such program), unavailable with the provider's own words.
plan::spec::Provided run_provider(const model::Project& project, const model::Service& service,
                                  const std::string& action, base::Reporter& reporter, const os::Cancel& cancel);

// For plan::RunOptions: the steps of a plan that call providers.
plan::ProviderCall provider_call(const model::Project& project, base::Reporter& reporter, const os::Cancel& cancel);

// `up` of all providers of the project, those that others depend on first; what they said goes to `said`.
void up_providers(const model::Project& project, engine::Engine& engine, std::size_t parallel,
                  plan::spec::ProvidedBy& said, base::Reporter& reporter, os::Scope& scope);

}  // namespace tutti::verbs
