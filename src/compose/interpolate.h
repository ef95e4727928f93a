// Variables in values: the template grammar (`$X`, `${X:-default}`, `$$` …) and the casts of typed paths after it.
// Called per file before merging, and by dotenv. Does not know where variables come from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "compose/environment.h"
#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::compose {

// Replaces variables in every text below `root` (values, not keys), then casts the fixed list of typed paths
// ("services.*.scale" …). All faults are reported, each at its node. Changed nodes get an Origin interpolated per
// variable. False after an error.
bool interpolate(doc::Node& root, const Lookup& lookup, doc::Diagnostics& diagnostics);

// One text; unset variables are warned about at `mark`. Nothing after an error, which is reported with `path`
// ("services.web.image").
std::optional<std::string> substitute(std::string_view text, const Lookup& lookup, doc::Mark mark,
                                      std::string_view path, doc::Diagnostics& diagnostics);

// A variable that templates ask for; what `config --variables` prints.
struct TemplateVariable {
    std::string name, default_value, presence_value;
    bool required = false;
    doc::Mark mark;
};
std::map<std::string, TemplateVariable> extract_variables(const doc::Node& root);

}  // namespace tutti::compose
