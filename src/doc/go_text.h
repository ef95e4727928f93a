// A value as Go's fmt.Sprint prints it: what Compose makes of numbers, booleans and nested values that stand where text
// is wanted. Used by merging and by the readers of labels, environment and arguments. Not YAML and not JSON.
#pragma once

#include <string>

#include "doc/node.h"

namespace tutti::doc {

std::string go_text(const Node& value);  // 420, 1e-06, true, <nil>, [a b], map[a:1 b:2]
std::string go_text(double value);

}  // namespace tutti::doc
