// The name of a project: -p, COMPOSE_PROJECT_NAME, the last `name:` of the files, or the folder's name.
// Used by load, before anything is interpolated with it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "compose/load.h"
#include "compose/reading.h"

namespace tutti::compose {

// Lower case, only [a-z0-9_-], starting with a letter or digit; may become empty.
std::string repair_project_name(std::string_view text);

// Nothing after an error.
std::optional<std::string> project_name(const LoadOptions& options, std::span<const ComposeFile> files,
                                        const std::string& folder, const Environment& environment,
                                        const base::Files& there, doc::Diagnostics& diagnostics);

}  // namespace tutti::compose
