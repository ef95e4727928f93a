// Waiting until a container has ended, ends next, or is removed: woken by its shim or by the event log, never by a
// clock. Used by the container face.
#pragma once

#include <string>

#include "embedded/parts.h"

namespace tutti::embedded {

int wait_for_container(Parts& parts, const std::string& name, engine::WaitFor what, const os::Cancel& cancel);

}  // namespace tutti::embedded
