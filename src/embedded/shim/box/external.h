// Boxes that an installed OCI runtime makes (crun, runc, …): its command line is run here, below the shim, which stays
// the parent of what it makes. Output, exit record and clients are the shim's as with our own boxes.
#pragma once

#include <sys/types.h>

#include "embedded/shim/box/child.h"
#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

// Writes FOLDER/config.json, mounts the layers in a mount namespace of the shim's own and calls `create`. The pid of
// the first process, which waits for the start; a terminal's master, or -1. Ends in fail() with what the runtime said.
pid_t make_by_runtime(const View& view, const Stdio& stdio, int* terminal);
void start_by_runtime(const View& view);   // ends in fail() if it cannot
void delete_by_runtime(const View& view);  // says nothing: it may be gone

// A process for a box that runs (`exec`): its pid; we are its parent once the runtime has left.
pid_t exec_by_runtime(const View& view, int* terminal);

}  // namespace tutti::embedded::shim::box
