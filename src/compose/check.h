// What must hold between parts of a model: exclusive keys, references that exist, limits given once, no cycles.
// Used by load: validate_tree after the defaults, the others on the finished project.
// Types and keys are schema.h's.
#pragma once

#include "doc/diagnostics.h"
#include "doc/node.h"
#include "model/project.h"

namespace tutti::compose {

// external with other keys, sources of secrets and configs, addresses of ports, device counts, blank watch paths.
bool validate_tree(const doc::Node& model, doc::Diagnostics& diagnostics);

// `tree` says where things are written. Also copies `scale` to deploy.replicas. False after an error.
bool check_consistency(model::Project& project, const doc::Node& tree, doc::Diagnostics& diagnostics);

// No two of the selected services have the same container_name. After the selection of services.
bool check_container_names(const model::Project& project, const doc::Node& tree, doc::Diagnostics& diagnostics);

}  // namespace tutti::compose
