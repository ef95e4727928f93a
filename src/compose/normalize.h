// The model completed: the default network, names of resources, implied dependencies, bare variables of environment and
// args. Used by load after the last file; not with --no-normalize. Works on the canonical tree.
#pragma once

#include <string_view>

#include "compose/environment.h"
#include "doc/node.h"

namespace tutti::compose {

// Sets `name` too.
void normalize(doc::Node& model, std::string_view project_name, const Environment& environment);

}  // namespace tutti::compose
