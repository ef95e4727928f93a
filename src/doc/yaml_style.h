// How the YAML writer spells a text: plain, quoted or literal, as Compose's YAML library decides.
// Used by yaml_write.cpp only. Writes nothing.
#pragma once

#include <string>
#include <string_view>

#include "doc/node.h"

namespace tutti::doc {

// Which spellings of a scalar keep its value.
struct Allowed {
    bool multiline = false, plain = true, single_quoted = true, block = true;
};
Allowed analyse(std::string_view text);

Style style_for(std::string_view text);  // the wish; what is allowed decides

std::size_t width_of(char first);  // bytes of the UTF-8 character that begins so
bool is_break(std::string_view text, std::size_t i);
// What that library holds printable: no control characters, nothing beyond the BMP.
bool is_printable(std::string_view text, std::size_t i);

std::string to_base64(std::string_view bytes);  // in lines of 70

}  // namespace tutti::doc
