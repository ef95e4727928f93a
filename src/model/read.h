// The canonical tree of a Compose project (long forms only, defaults filled in) becomes a value.
// Used by compose::load as its last step but one.
// Knows no short forms and no schema; what does not fit a field is reported at its node.
#pragma once

#include <string>
#include <string_view>

#include "doc/diagnostics.h"
#include "model/project.h"

namespace tutti::model {

// Fills the sections services … models and the x-* keys; services that are disabled by profile are not told apart here.
Project read_project(const doc::Node& tree, doc::Diagnostics& diagnostics);

// How Go prints a scalar (fmt.Sprint): 420 for 0644, "1.5", "true", "<nil>".
std::string to_go_text(const doc::Node& scalar);

// A command line in one string, split as Compose splits it (quotes, backslashes; cut at ; & | < >). Nothing for a stray
// quote or parenthesis.
struct CommandLine {
    Texts words;
    std::string_view dropped;  // what follows the first unquoted operator, that included
};
std::optional<CommandLine> split_command(std::string_view text);

}  // namespace tutti::model
