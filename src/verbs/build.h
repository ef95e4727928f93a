// Images of services that say how they are built: `build`, `up --build`, `run --build`.
// Used by cli and by up. Decides the order and says each build in the engine's words; the building is the engine's.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/build.h"
#include "engine/engine.h"
#include "model/project.h"
#include "os/scope.h"

namespace tutti::verbs {

struct BuildOptions {
    bool pull = false, no_cache = false, push = false, quiet = false, check = false, with_dependencies = false;
    std::map<std::string, std::string> args;  // --build-arg; beats the file's
    std::vector<std::string> inherited_args;  // --build-arg NAME: from the environment
    std::string ssh, provenance, sbom;
    std::size_t parallel = 0;                           // 0: no limit
    std::function<void(std::string_view text)> output;  // what the steps say
};

// Builds the named services (none: all that say how), and first those whose images they build upon. Services without a
// build section are passed over. Throws unsupported where the engine cannot build, invalid for a cycle.
void build(const model::Project& project, const std::vector<std::string>& services, const BuildOptions& options,
           engine::Engine& engine, base::Reporter& reporter, os::Scope& scope);

// One service's build, as the engine is told of it.
engine::BuildSpec build_spec(const model::Project& project, const std::string& service, const BuildOptions& options);

// Services whose images this one builds upon: additional_contexts `service:NAME`, and those whose image a FROM of its
// Dockerfile names.
std::vector<std::string> build_needs(const model::Project& project, const std::string& service);

}  // namespace tutti::verbs
