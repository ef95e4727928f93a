// boot: after the machine has started, containers come back as their restart policies say, in the order of their
// dependencies and once those are healthy.
// Used by cli. Works from labels: the files may be gone.
// Installs nothing: that is cli's `boot enable`.
#pragma once

#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/engine.h"
#include "os/scope.h"
#include "verbs/lifecycle.h"

namespace tutti::verbs {

// Those that do not run and are to: `always`; `unless-stopped` when it was the machine that ended them.
std::vector<engine::Container> wanted_at_boot(engine::Engine& engine);

// False: some could not be started, which was told. One project's trouble is not the others'.
bool start_at_boot(engine::Engine& engine, const Limits& limits, base::Reporter& reporter, os::Scope& scope);

}  // namespace tutti::verbs
