// A Project made out of labels alone: what stop, down, logs and ps work with when there is no file.
// Used by verbs. The services carry a name, an image, a scale and their dependencies.
// Nothing that could be created from: specs are not in labels.
#pragma once

#include "state/project_state.h"

namespace tutti::state {

model::Project project_from_labels(const ProjectState& state);

}  // namespace tutti::state
