// A tar archive (POSIX ustar) of a few files in memory: how configs and secrets get into a container of a far engine.
// Used by docker/client. Not for trees on disk.
#pragma once

#include <string>
#include <vector>

#include "engine/container_spec.h"

namespace tutti::docker::wire {

// Parents are left out: the engine makes the missing ones and leaves the others as they are. Throws invalid for an
// owner that is no number: a far engine gives no way to look into the image.
std::string archive_of(const std::vector<engine::FileSpec>& files);

}  // namespace tutti::docker::wire
