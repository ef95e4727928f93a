#include "compose/glob.h"

#include <optional>

namespace tutti::compose {

namespace {

// One character of a class, after an optional backslash. Moves past it.
std::optional<char> take_class_character(std::string_view pattern, std::size_t& at) {
    if (at < pattern.size() && pattern[at] == '\\') ++at;
    if (at >= pattern.size()) return std::nullopt;
    return pattern[at++];
}

// Whether `c` is in the class that starts after the '[' at `at`; moves past the ']'. Nothing when the class is
// malformed.
std::optional<bool> in_class(std::string_view pattern, std::size_t& at, char c) {
    const bool negated = at < pattern.size() && pattern[at] == '^';
    if (negated) ++at;
    bool found = false;
    for (int ranges = 0;; ++ranges) {
        if (at < pattern.size() && pattern[at] == ']' && ranges > 0) break;
        if (at < pattern.size() && (pattern[at] == '-' || pattern[at] == ']')) return std::nullopt;
        const auto low = take_class_character(pattern, at);
        if (!low) return std::nullopt;
        auto high = low;
        if (at < pattern.size() && pattern[at] == '-') {
            high = take_class_character(pattern, ++at);
            if (!high) return std::nullopt;
        }
        found = found || (*low <= c && c <= *high);
    }
    ++at;
    return found != negated;
}

// Matches one character against the pattern at `at`, which is no '*'; moves past it.
bool match_one(std::string_view pattern, std::size_t& at, char c) {
    switch (pattern[at]) {
        case '?': ++at; return c != '/';
        case '[': return in_class(pattern, ++at, c).value_or(false);
        case '\\':
            if (++at >= pattern.size()) return false;
            [[fallthrough]];
        default: return pattern[at++] == c;
    }
}

}  // namespace

bool has_wildcards(std::string_view pattern) { return pattern.find_first_of("*?[\\") != std::string_view::npos; }

bool glob_matches(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0;
    std::size_t star = std::string_view::npos,
                star_name = 0;  // where to go on when the last '*' takes one more character
    while (n < name.size() || p < pattern.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_name = n;
            continue;
        }
        std::size_t next = p;
        if (p < pattern.size() && n < name.size() && match_one(pattern, next, name[n])) {
            p = next;
            ++n;
            continue;
        }
        if (star == std::string_view::npos || star_name >= name.size() || name[star_name] == '/') return false;
        p = star + 1;
        n = ++star_name;
    }
    return true;
}

}  // namespace tutti::compose
