// The one container of a service that a verb means: exec, attach, cp, port, logs --index.
// Used by those verbs.
// Prefers the service's own container to one-offs, and low numbers.
#pragma once

#include <string>

#include "engine/engine.h"
#include "state/project_state.h"

namespace tutti::verbs {

enum class Which { any, service, one_off };
// Throws not_found: service "X" is not running (container #N).
state::Container find_container(engine::Engine& engine, const std::string& project, const std::string& service,
                                int index, Which which, bool stopped_too);

}  // namespace tutti::verbs
