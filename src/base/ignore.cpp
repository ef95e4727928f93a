#include "base/ignore.h"

#include <algorithm>

#include "base/path.h"
#include "base/text.h"

namespace tutti::base {

namespace {

// [abc], [a-z], [^a]: at pattern[p] == '['. Moves p behind the class; false if c is not in it or the class has no end.
bool in_class(std::string_view pattern, std::size_t& p, char c) {
    ++p;
    const bool negated = p < pattern.size() && pattern[p] == '^';
    if (negated) ++p;
    bool found = false, first = true;
    while (p < pattern.size() && (pattern[p] != ']' || first)) {
        first = false;
        if (pattern[p] == '\\' && p + 1 < pattern.size()) ++p;
        const char low = pattern[p++];
        char high = low;
        if (p + 1 < pattern.size() && pattern[p] == '-' && pattern[p + 1] != ']') {
            p += pattern[p + 1] == '\\' && p + 2 < pattern.size() ? 2 : 1;
            high = pattern[p++];
        }
        found = found || (low <= c && c <= high);
    }
    if (p >= pattern.size()) return false;
    ++p;
    return found != negated;
}

// One character of the pattern (not a star) against one of the path; moves p.
bool one(std::string_view pattern, std::size_t& p, char c) {
    if (pattern[p] == '?') return ++p, c != '/';
    if (pattern[p] == '[') return in_class(pattern, p, c) && c != '/';
    if (pattern[p] == '\\' && p + 1 < pattern.size()) ++p;
    return pattern[p++] == c;
}

bool match(std::string_view pattern, std::string_view path, int budget) {
    std::size_t p = 0, t = 0;
    while (p < pattern.size()) {
        if (pattern[p] == '*') {
            const bool deep = p + 1 < pattern.size() && pattern[p + 1] == '*';
            std::size_t next = p + (deep ? 2 : 1);
            while (deep && next < pattern.size() && pattern[next] == '*') ++next;  // any more say nothing new
            if (deep && next < pattern.size() && pattern[next] == '/') ++next;     // "**/x" is also just "x"
            const auto rest = pattern.substr(next);
            if (budget == 0) return false;
            for (std::size_t i = t;; ++i) {
                const bool boundary = !deep || pattern.substr(p, 3) != "**/" || i == 0 || i == t || path[i - 1] == '/';
                if (boundary && match(rest, path.substr(i), budget - 1)) return true;
                if (i >= path.size() || (!deep && path[i] == '/')) return false;
            }
        }
        if (t >= path.size() || !one(pattern, p, path[t])) return false;
        ++t;
    }
    return t == path.size();
}

}  // namespace

bool matches_path(std::string_view pattern, std::string_view path) { return match(pattern, path, 16); }

IgnoreRules::IgnoreRules(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    for (std::string_view line : split(text, '\n')) {
        if (line.starts_with('#')) continue;
        line = trim(line);
        if (line.empty()) continue;
        Rule rule;
        if (line.starts_with('!')) {
            rule.exclude_again = true;
            line = trim(line.substr(1));
        }
        rule.pattern = path::clean(line);
        if (rule.pattern.size() > 1 && rule.pattern.starts_with('/')) rule.pattern.erase(0, 1);
        rules_.push_back(std::move(rule));
    }
}

bool IgnoreRules::ignored(std::string_view path) const {
    bool out = false;
    for (const Rule& rule : rules_) {
        if (rule.exclude_again != out) continue;  // it would change nothing
        bool matched = rule.pattern == "." || matches_path(rule.pattern, path);
        for (auto slash = path.find('/'); !matched && slash != std::string_view::npos;
             slash = path.find('/', slash + 1))
            matched = matches_path(rule.pattern, path.substr(0, slash));
        if (matched) out = !rule.exclude_again;
    }
    return out;
}

bool IgnoreRules::may_hold_exceptions(std::string_view folder) const {
    return std::ranges::any_of(rules_, [&](const Rule& rule) {
        if (!rule.exclude_again) return false;
        const auto wild = rule.pattern.find_first_of("*?[\\");
        if (wild !=
            std::string::npos) {  // a pattern with wildcards: only what stands before the first one can rule it out
            const std::string_view fixed = std::string_view(rule.pattern).substr(0, wild);
            return fixed.starts_with(folder) || folder.starts_with(fixed);
        }
        return rule.pattern.starts_with(cat(folder, '/'));
    });
}

}  // namespace tutti::base
