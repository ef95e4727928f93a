// Words of a Dockerfile: quotes, escapes and variables, as the Dockerfile reference ("Environment replacement") and
// BuildKit's shell lexer treat them. Used by the instructions of this room. Not a shell: no commands, no globs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tutti::embedded::build {

using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

struct WordRules {
    char escape = '\\';        // or '`', by the escape directive
    bool keep_quotes = false;  // quotes stay in the result (and still group)
};

// $v ${v} ${v:-w} ${v-w} ${v:+w} ${v+w} ${v:?m} ${v?m} ${v#p} ${v##p} ${v%p} ${v%%p} ${v/p/r} ${v//p/r}; quotes taken
// away. Throws Error (invalid) for an open quote, a missing brace, an unknown modifier.
std::string expand(std::string_view text, const Lookup& lookup, const WordRules& rules = {});

// The same, then split at blanks that are not quoted (after the expansion, as BuildKit does).
std::vector<std::string> expand_words(std::string_view text, const Lookup& lookup, const WordRules& rules = {});

// '*', '?' and escaped characters against the whole text: the patterns of ${v#p}.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace tutti::embedded::build
