// Birth into namespaces: new ones by clone3(2), present ones by setns(2) of the shim around the clone.
#pragma once

#include <sys/types.h>

#include "embedded/shim/box/cgroups.h"
#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

struct Birth {
    unsigned long flags = 0;      // CLONE_NEW* of clone3: all new ones but cgroup
    unsigned long joined = 0;     // CLONE_NEW* that have a path
    bool user = false;            // in a user namespace that is not ours
    bool unshare_cgroup = false;  // after it joined its cgroups
    bool needs_parent = false;    // id maps to be written or hooks to be run from outside before it goes on
};
Birth birth_of(const View& view);

// clone3(2), where the kernel can right into the cgroup of version 2. In the child 0; -1 and errno.
pid_t clone_into(Cgroups& cgroups, unsigned long flags);

// In the child 0. Ends in fail() if it cannot.
pid_t clone_into_namespaces(const View& view, Cgroups& cgroups);

}  // namespace tutti::embedded::shim::box
