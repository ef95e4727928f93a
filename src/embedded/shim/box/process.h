// The last part of the way of a box's process: identity, limits, capabilities, filter, working directory, execve(2).
// Runs in the child, inside; ends in execve or in fail().
#pragma once

#include "embedded/shim/box/mounts.h"
#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

// What may be done before the start is given: keyring, limits, scheduling, user look-up, home.
void make_working_folder(const View& view, const Root& root);  // before the root may become read-only
void prepare_process(const View& view, const Root& root, int32_t* notes);
// Gives up what the process is not to have, and becomes the program. `report` is the one descriptor that lives until
// then.
[[noreturn]] void run_process(const View& view, const Root& root, int report);

// Outside, while the host's /proc is there: oom_score_adj.
void prepare_outside(const View& view, int32_t* notes);

// Whether the program is there at all; ends in fail() with 126 or 127 if not.
void check_program(const View& view);

void remember_limits();  // of this shim, before it raises its own
void raise_file_limit();

}  // namespace tutti::embedded::shim::box
