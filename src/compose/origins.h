// Where values came from, written into the nodes: for notes below diagnostics and for explanations.
// Used by extends and include on what they bring in.
#pragma once

#include <string_view>

#include "doc/node.h"

namespace tutti::compose {

// Adds one link to every node below `value`. Nodes without a history share the link.
void mark_origin(doc::Node& value, doc::Origin::How how, doc::Mark mark, std::string_view text);

}  // namespace tutti::compose
