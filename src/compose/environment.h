// Variables by name, each with the place that set it.
// Assembled by load (process, env files, flags), asked by interpolation, env files and bare `environment` entries.
// Knows no precedence.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "doc/node.h"

namespace tutti::compose {

struct Variable {
    enum class Source : unsigned char { shell, env_file, flag, computed };

    std::string value;
    Source source = Source::shell;
    doc::Mark mark = {};  // of the assignment in an env file
};

using Environment = std::map<std::string, Variable, std::less<>>;

// Null when not set (set to nothing is an empty value).
using Lookup = std::function<const Variable*(std::string_view name)>;

inline const Variable* find(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : &found->second;
}

}  // namespace tutti::compose
