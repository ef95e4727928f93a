// Traps that only the images show: what they keep where. Once they are here and before a container is made.
// Used by up. What the files show alone is lint.h's.
#pragma once

#include <map>
#include <string>

#include "advice/finding.h"
#include "engine/images.h"
#include "model/project.h"

namespace tutti::advice {

// images: by the reference that the project uses.
Findings image_lint(const model::Project& project, const std::map<std::string, engine::Image>& images);

// The next step for an image that is not here and could not be pulled.
std::string where_to_get(const std::string& image);

}  // namespace tutti::advice
