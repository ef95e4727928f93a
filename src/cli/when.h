// A moment as people write it in flags: "42m" ago, an RFC 3339 time or its beginning, seconds since 1970.
// Used by logs and events.
// The empty text is no bound.
#pragma once

#include <string>

#include "engine/values.h"

namespace tutti::cli {

engine::Time parse_when(const std::string& text);  // throws Error (invalid)

}  // namespace tutti::cli
