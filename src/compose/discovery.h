// What a load starts from: the variables, the Compose files and the folder, out of flags, the process and `.env`.
// Used by load. The order of the steps decides which `.env` counts and is Compose's own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compose/load.h"
#include "compose/reading.h"

namespace tutti::compose {

struct Setting {
    Environment environment;
    std::vector<std::string> files;  // absolute, "-" or remote; at least one
    std::string folder;              // of the project, absolute
    std::vector<std::string> profiles;
};

std::optional<Setting> discover(const LoadOptions& options, const Reading& reading);

// The first folder from `folder` upward with a Compose file, as that file and its override file; empty if there is
// none.
std::vector<std::string> find_compose_files(const std::string& folder, const Reading& reading);

}  // namespace tutti::compose
