// Starting, stopping, removing: what happens to a container between create and its end.
// Used by the container face and by restarts on the supervisor's behalf.
#pragma once

#include <string>

#include "embedded/parts.h"
#include "embedded/supervise/settle.h"

namespace tutti::embedded {

supervise::Tools tools_of(Parts& parts);

// Running already: no error. Anything else that cannot be started throws, and is written down as the state's error.
// The answer is for the user: what this machine did not give as asked for.
std::vector<std::string> start_container(Parts& parts, const records::Folder& folder);
// The same if that run has ended, a restart is still due and nobody has stopped it meanwhile; false otherwise.
bool restart_by_policy(Parts& parts, const records::Folder& folder, std::int64_t run);

void stop_container(Parts& parts, const records::Folder& folder, const engine::StopOptions& options,
                    const os::Cancel& cancel);
void kill_container(Parts& parts, const records::Folder& folder, const std::string& signal);
void remove_container(Parts& parts, const records::Folder& folder, const engine::RemoveOptions& options);

}  // namespace tutti::embedded
