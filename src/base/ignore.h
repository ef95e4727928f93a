// .dockerignore: which paths of a context do not belong to it. Patterns as Docker reads them (moby/patternmatcher): '#'
// comments,
// '!' takes back, '**', Go's filepath.Match, the last match wins, a pattern also covers what is below.
// Used by the context of a build and by watch. Reads no disk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tutti::base {

class IgnoreRules {
  public:
    IgnoreRules() = default;
    explicit IgnoreRules(std::string_view text);  // a whole .dockerignore

    // `path` relative to the context, with '/', without a leading one.
    bool ignored(std::string_view path) const;
    // True when something below an ignored folder may have been taken back by a '!' pattern, so it must be looked into.
    bool may_hold_exceptions(std::string_view folder) const;
    bool empty() const { return rules_.empty(); }

  private:
    struct Rule {
        std::string pattern;
        bool exclude_again = false;  // '!'
    };
    std::vector<Rule> rules_;
};

// Go's filepath.Match extended by '**' (any number of folders, also none).
bool matches_path(std::string_view pattern, std::string_view path);

}  // namespace tutti::base
