// How much disk containers take. Used where a listing asks for sizes.
#pragma once

#include "embedded/parts.h"
#include "engine/containers.h"

namespace tutti::embedded {

void add_sizes(Parts& parts, const records::Folder& folder, engine::ContainerSummary& line);

}  // namespace tutti::embedded
