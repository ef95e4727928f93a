// A project as a tree, ordered and shaped as Docker Compose prints it; YAML and JSON differ in more than syntax.
// Used by `config`, the hash and whatever renders the model.
// Writes no text: that is doc::write_yaml and doc::write_json, without sorting.
#pragma once

#include "model/project.h"

namespace tutti::model {

enum class Format : std::uint8_t { yaml, json };

doc::Node to_node(const Project& project, Format format);
doc::Node to_node(const Service& service, Format format);
doc::Node to_node(const Network& network, Format format);
doc::Node to_node(const Volume& volume, Format format);

}  // namespace tutti::model
