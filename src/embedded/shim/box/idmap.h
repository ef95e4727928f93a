// User namespaces for their maps: of a box, and of single mounts (idmapped mounts).
#pragma once

#include <sys/types.h>

#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

// Writes /proc/PID/uid_map and gid_map. Ends in fail() if it cannot.
void write_id_maps(const View& view, pid_t pid, Array<struct IdRange> uids, Array<struct IdRange> gids);
// Lets the detached mount show its files under the step's map.
void map_ids(const View& view, const MountStep& step, int mount, unsigned flags);

}  // namespace tutti::embedded::shim::box
