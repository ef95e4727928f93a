// What an unquoted YAML scalar means: null, boolean, number, date or text, decided as Compose's YAML library decides.
// Used by the YAML reader (to make values) and the writer (to know which texts need quotes). Not for quoted scalars.
#pragma once

#include <string>
#include <string_view>

#include "doc/node.h"

namespace tutti::doc {

enum class ScalarType : std::uint8_t { null, boolean, integer, real, timestamp, merge, text };

struct Scalar {
    ScalarType type = ScalarType::text;
    Node value;  // `merge` and `text`: null, the text is the input
};

Scalar resolve_scalar(std::string_view plain);
ScalarType scalar_type(std::string_view plain);

// "2024-01-02 00:00:00 +0000 UTC" → "2024-01-02T00:00:00Z": how YAML and JSON writers print a Tag::timestamp.
std::string rfc3339(std::string_view timestamp);

}  // namespace tutti::doc
