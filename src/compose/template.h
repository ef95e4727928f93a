// The template grammar: `$X`, `${X}`, `${X:-default}`, `${X:?message}`, `${X:+other}`, `$$`, nested and lazy.
// Used by interpolation and env files. Knows neither Nodes nor files.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compose/environment.h"

namespace tutti::compose {

struct TemplateFault {
    bool invalid = false;    // not a template; else a required variable is missing
    std::string message;     // "required variable X is missing a value: why"; of an invalid one its text
    std::string_view where;  // within the outermost template
};

// A variable that was looked up for a result, in the order of the text.
struct UsedVariable {
    std::string name;
    const Variable* variable = nullptr;  // null: not set
};

class Template {
  public:
    // For `$X` and `${X}` of an unset X, with its place in the outermost template.
    using OnUnset = std::function<void(std::string_view name, std::string_view where)>;

    Template(const Lookup& lookup, OnUnset on_unset) : lookup_(lookup), on_unset_(std::move(on_unset)) {}

    const std::vector<UsedVariable>& used() const { return used_; }
    const std::optional<TemplateFault>& fault() const { return fault_; }  // the first; the result is of no use then

    std::string substitute(std::string_view text, unsigned depth = 0);

  private:
    struct Match;
    static Match match_at(std::string_view text, std::size_t dollar);
    std::string braced(std::string_view text, unsigned depth);
    std::string required(std::string_view name, std::string_view reason, std::string_view where, unsigned depth);
    std::string plain(std::string_view name, std::string_view where);
    const Variable* find(std::string_view name);
    void fail(bool invalid, std::string message, std::string_view where);

    const Lookup& lookup_;
    OnUnset on_unset_;
    std::vector<UsedVariable> used_;
    std::optional<TemplateFault> fault_;
};

// The brace of this line that closes the first one in `text`; npos if there is none. Like Compose it skips the
// character after each opening brace.
std::size_t closing_brace(std::string_view text);

bool is_name_start(char c);
bool is_name(char c);
std::string_view name_at(std::string_view text);  // the longest name at its start

}  // namespace tutti::compose
