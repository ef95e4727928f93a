// What differs between a container and what is wanted of it, field by field: the cause in `plan` and in progress lines.
// Used by reconcile when it may inspect.
// Decides nothing: the hash does. Fields that an engine fills in itself are left out.
#pragma once

#include <string>
#include <vector>

#include "engine/containers.h"
#include "engine/images.h"

namespace tutti::plan {

// "image: nginx:1.26 → nginx:1.27", "environment KEY: a → b", "port added: 8080:80/tcp".
std::vector<std::string> differences(const engine::Container& there, const engine::ContainerSpec& wanted,
                                     const engine::Image* image);

}  // namespace tutti::plan
