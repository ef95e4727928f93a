// Go templates as far as `--format` uses them: fields, pipelines, if/else, range, with, and the functions of Docker's
// formats.
// Used by every command that prints a list. Values are doc::Node.
// No variables, no nested definitions: these are refused by name.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"

namespace tutti::cli {

// A method with arguments, as .Label "key". Null: there is none of that name.
using Methods = std::function<const doc::Node*(std::string_view name, const std::vector<doc::Node>& arguments)>;

class GoTemplate {
  public:
    explicit GoTemplate(std::string_view text);  // throws Error (invalid) "template parsing error: …"
    ~GoTemplate();
    GoTemplate(GoTemplate&&) noexcept;

    std::string run(const doc::Node& data, const Methods& methods = {}) const;  // throws Error (invalid)
    // For the title row: functions hand their last argument through.
    std::string run_titles(const doc::Node& titles) const;

    struct Part;

  private:
    std::vector<Part> parts_;
};

}  // namespace tutti::cli
