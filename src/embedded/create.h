// Making a container: records, name, volumes, a hold on its image. Starts nothing. Used by the container face.
#pragma once

#include <string>

#include "embedded/parts.h"

namespace tutti::embedded {

std::string create_container(Parts& parts, const engine::ContainerSpec& spec);  // the id

// A label of Compose's; it says whose supervisor watches the container.
inline constexpr const char* project_label = "com.docker.compose.project";

}  // namespace tutti::embedded
