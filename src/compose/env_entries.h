// Bare `KEY` entries of `environment` lists, and secrets and configs from a variable, take their values from the
// environment. Used by load per set of files, so that an included file sees its own env file. Mappings are normalize's.
#pragma once

#include "compose/environment.h"
#include "doc/node.h"

namespace tutti::compose {

// The content of a secret stands under this key until the project is read; it is never printed.
inline constexpr const char* secret_content_key = "x-#value";

void fill_bare_entries(doc::Node& model, const Environment& environment);

}  // namespace tutti::compose
