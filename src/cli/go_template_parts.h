// A parsed Go template: text, actions, and blocks of parts.
// Used by go_template.cpp, which reads them, and go_template_run.cpp, which runs them.
// Not seen outside.
#pragma once

#include "cli/go_template.h"

namespace tutti::cli {

struct Operand;
using Pipeline = std::vector<std::vector<Operand>>;  // commands, each a list of operands

struct Operand {
    enum class Kind { field, root, literal, function, pipeline } kind = Kind::literal;
    std::vector<std::string> path;  // of a field: {"State", "Health"}; empty: the dot itself
    doc::Node literal;
    std::string function;
    Pipeline pipeline;
};

struct GoTemplate::Part {
    enum class Kind { text, action, if_, range, with } kind = Kind::text;
    std::string text;
    Pipeline pipeline;
    std::vector<Part> body, otherwise;
};

std::string run_parts(const std::vector<GoTemplate::Part>& parts, const doc::Node& data, const Methods& methods,
                      bool titles);

}  // namespace tutti::cli
