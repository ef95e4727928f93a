// Flags of the commands that create containers, and what they mean: shared by up and create.
// Used by up.cpp, create.cpp, scale.cpp, watch.cpp.
// Does not load the project.
#pragma once

#include <string>
#include <vector>

#include "cli/target.h"

namespace tutti::cli {

// --scale S=N; throws for what is no such thing.
void apply_scale(model::Project& project, const std::vector<std::string>& scales);
// --pull replaces every policy.
void apply_pull(model::Project& project, const Arguments& arguments);
// --force-recreate and its kin, --remove-orphans, -y, --timeout.
void apply_recreate(const Arguments& arguments, Session& session, verbs::CreateOptions& options);
[[noreturn]] void refuse(std::string message);

}  // namespace tutti::cli
