// Shell patterns for names (`*`, `?`, `[a-z]`, backslash), with the rules of Go's filepath.Match. Used for the names of
// services.
#pragma once

#include <string_view>

namespace tutti::compose {

bool has_wildcards(std::string_view pattern);
bool glob_matches(std::string_view pattern, std::string_view name);  // a malformed pattern matches nothing

}  // namespace tutti::compose
