// Likely causes of a container's failure, read from its settings, its last probe and its last lines, each with the way
// out. Used by why. A guess that is worded as one; nothing known: nothing is said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/containers.h"

namespace tutti::advice {

std::vector<std::string> causes(const engine::Container& container, std::string_view last_lines);

}  // namespace tutti::advice
