// The cgroup folders of a box: made with their limits, joined by the process itself, emptied and removed at the end.
#pragma once

#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

struct Cgroups {
    int joins[16];  // open `tasks` or `cgroup.procs` of each folder
    int folder_v2 = -1;
    unsigned count = 0, index_v2 = 0;
    bool born_in_v2 = false;  // by clone_into()
};

void make_cgroups(const View& view, Cgroups& cgroups);
void open_cgroups(const View& view, Cgroups& cgroups);  // of a box that runs
// Called by the process that joins. It writes itself ("0"), alone, so the kernel need not stop the machine's forks;
// for version 2, where only whole processes may move, that is bought by being born inside (namespaces.h: clone_into).
void join_cgroups(Cgroups& cgroups);
void close_cgroups(Cgroups& cgroups);

bool kill_cgroup(const View& view);     // everything in it, at once (cgroup.kill) or one by one
void remove_cgroups(const View& view);  // what is busy stays: remove() of the program comes later
unsigned long count_oom_kills(const View& view);

}  // namespace tutti::embedded::shim::box
