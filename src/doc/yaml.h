// YAML in and out of Node: read as Docker Compose's YAML library reads it, written byte for byte as it writes.
// Used by the loader, `config`, Kubernetes output. No schema: that is compose's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::doc {

struct YamlLimits {
    std::uint32_t depth = 1000;           // nesting
    std::uint64_t alias_nodes = 500'000;  // nodes that aliases may copy, in all …
    std::uint64_t alias_ratio = 10;       // … or this many times the nodes written, whichever is more
};

// Every document of the text; none for an empty or comment-only one. Faults go to the diagnostics (then what was read
// may be partial). Aliases are copied in (Origin alias), `<<` is resolved (Origin merged_key), keys are texts (others
// are errors), duplicate keys are errors. Tags: !reset and !override stay on the node (inside an !override nothing is
// tagged any more); an item of a list that is !reset is left out; a key that is !reset but also comes through `<<` gets
// the merged value with the tag !override.
std::vector<Node> read_yaml(std::string_view text, std::uint32_t file, Diagnostics& diagnostics,
                            const YamlLimits& limits = {});

struct YamlOptions {
    bool sort_keys = false;  // all maps in natural order (a Go map); else in the order of the Node
    unsigned indent = 2;
    unsigned width = 80;
};
// One document, ending in a newline. Styles of nodes do not count: the text of a scalar decides its quotes.
std::string write_yaml(const Node& node, const YamlOptions& options = {});

// The order of keys that Go's YAML writer gives maps: digits by value, letters after other characters ("web2" before
// "web10").
bool natural_less(std::string_view a, std::string_view b);
void sort_naturally(Node& map);  // the entries of this map, not of those inside it

}  // namespace tutti::doc
