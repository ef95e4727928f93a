// The text behind a YAML reading: encoding checks, places of offsets, and the few spellings that libyaml refuses though
// Compose's library takes them ("\'" in double quotes, DEL and C1 controls), rewritten before libyaml sees them.
// Used by yaml_read.cpp only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"

namespace tutti::doc {

struct EncodingFault {
    Mark mark;
    std::string message, hint;
};
std::optional<EncodingFault> encoding_fault(std::string_view text, std::uint32_t file);

// What to do about a complaint of libyaml at this place; may be empty.
std::string yaml_hint(std::string_view problem, std::string_view line, Mark at);

std::optional<std::string> from_base64(std::string_view text);

class YamlText {
  public:
    explicit YamlText(std::string_view text);

    std::string_view text() const { return text_; }
    std::string_view line(Mark mark) const;  // of the rewritten text
    std::size_t offset(Mark mark) const;     // in bytes, of the rewritten text
    Mark mark_of_offset(std::size_t offset, std::uint32_t file) const;

    Mark original(Mark mark) const;  // the place in the text as the user wrote it
    bool has_controls() const { return has_controls_; }
    std::string restored(std::string_view value) const;  // a scalar with its control characters back

    // Rewrites the "\'" at this place and those after it in the same scalar. False: there is none.
    bool rewrite_quote_escape(Mark at);

  private:
    std::string copy_;  // when rewritten
    std::string_view text_;
    bool has_controls_ = false;
    std::vector<Mark> longer_;  // places (in the original) where the rewritten text has two characters more
};

}  // namespace tutti::doc
