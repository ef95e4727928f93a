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

}  // namespace tutti::advice
