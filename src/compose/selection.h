// Which services and resources of a loaded project count: profiles, named services with their dependencies, unused
// resources. Used by load and by verbs' command lines (`config --hash NAME`, `up NAME`). Pure: a project in, a project
// out.
#pragma once

#include <string>
#include <vector>

#include "doc/diagnostics.h"
#include "model/project.h"

namespace tutti::compose {

bool has_profile(const model::Service& service, const std::vector<std::string>& active);

// Moves services between `services` and `disabled_services`; "*" activates all.
void apply_profiles(model::Project& project, std::vector<std::string> active);
// Activates the profiles of the named services that are disabled.
void enable_services(model::Project& project, const std::vector<std::string>& names);

enum class Dependencies { include, ignore };
// Keeps the named services (globs) and, with `include`, what they depend on; no names keep all. An unknown name is an
// error.
void select_services(model::Project& project, const std::vector<std::string>& names, Dependencies dependencies,
                     doc::Diagnostics& diagnostics);
// Drops networks, volumes, secrets, configs and models that no enabled service uses.
void drop_unused_resources(model::Project& project);

}  // namespace tutti::compose
