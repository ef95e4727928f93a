// The services of a project by what they depend on: order, dependents, and the faults that make no order possible.
// Used by reconcile, the planners and the verbs that go through services in (reverse) order.
// Knows nothing of containers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/project.h"

namespace tutti::plan {

// Services after those that they depend on; equal rank by name. Throws Error: a cycle, an unknown or disabled
// dependency that is required (optional ones are skipped).
std::vector<std::string> in_order(const model::Project& project);

// Services that name `service` in depends_on, by name; only those that `which` takes.
std::vector<std::string> dependents_of(const model::Project& project, std::string_view service,
                                       const std::function<bool(const model::Dependency&)>& which = {});
// The same, and theirs, and so on.
std::vector<std::string> all_dependents_of(const model::Project& project, const std::vector<std::string>& services);
// The services and what they depend on, by name.
std::vector<std::string> with_dependencies(const model::Project& project, const std::vector<std::string>& services);

// The project reduced to some services (the others become disabled); their dependencies come along if asked.
// Throws not_found "no such service: X".
enum class Along { nothing, dependencies, dependents };
model::Project select(const model::Project& project, const std::vector<std::string>& services, Along along);

}  // namespace tutti::plan
