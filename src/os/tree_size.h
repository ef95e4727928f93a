// How much the files of a folder hold.
// Used where a listing asks for sizes of containers and volumes.
// Counts contents, not blocks.
#pragma once

#include <cstdint>
#include <string>

namespace tutti::os {

// Of regular files, hard links once, on the folder's own filesystem; what cannot be read or vanishes meanwhile is 0.
std::int64_t tree_size(const std::string& folder);

}  // namespace tutti::os
