// The hooks of the OCI specification: programs that get the container's state on standard input.
#pragma once

#include <sys/types.h>

#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

enum class Where { bundle, here };  // the working folder of a hook
// Runs them one after the other; a failure or a timeout ends in fail(). pid 0: our own.
void run_hooks(const View& view, Array<HookStep> hooks, const char* status, pid_t pid, Where where = Where::bundle);

}  // namespace tutti::embedded::shim::box
