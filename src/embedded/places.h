// The places that every container has something mounted on (/proc, /etc/hosts …), as one more layer of an image that
// lacks them: made once an image, where each container would have to make them in its own files.
// Used where a container's layers are put together. Mounts nothing that stays.
#pragma once

#include <string>
#include <vector>

#include "embedded/parts.h"

namespace tutti::embedded {

// The image's layers, highest first, with those places on top.
std::vector<std::string> layers_with_places(Parts& parts, const store::ImageRecord& image);

}  // namespace tutti::embedded
