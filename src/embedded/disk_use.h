// How much disk containers and volumes take. Used where a listing asks for sizes.
#pragma once

#include <cstdint>
#include <string>

#include "embedded/parts.h"
#include "engine/containers.h"

namespace tutti::embedded {

std::int64_t bytes_below(const std::string& folder);  // of regular files, hard links once; what vanishes meanwhile is 0

void add_sizes(Parts& parts, const records::Folder& folder, engine::ContainerSummary& line);

}  // namespace tutti::embedded
