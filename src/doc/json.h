// JSON in and out of Node. Written byte for byte as Go's encoding/json does.
// Used by records on disk, wire formats, `config --format json`, output of many verbs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::doc {

// Faults go to the diagnostics. Duplicate keys: the last wins. Integers beyond 64 bits become reals.
std::optional<Node> read_json(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);
// For what programs wrote (records, wire): throws base::Error invalid, naming `what`.
Node parse_json(std::string_view text, std::string_view what);

struct JsonOptions {
    bool pretty = false;      // one item a line
    unsigned indent = 2;      // blanks a level, if pretty
    bool sort_keys = false;   // bytewise (a Go map); else in the order of the Node
    bool escape_html = true;  // < > & as \u003c …
};
std::string write_json(const Node& node, const JsonOptions& options = {});  // without a newline at the end
void append_json_text(std::string& out, std::string_view text, bool escape_html = true);  // one quoted string
std::string json_number(double value);                                                    // as Go's encoding/json

}  // namespace tutti::doc
