// Single mounts as descriptors: made, given attributes, with older calls where a kernel (5.10) lacks the newer.
#pragma once

#include <stdint.h>

#include "embedded/shim/box/view.h"

namespace tutti::embedded::shim::box {

// A detached copy of the step's source with its propagation, attributes and id map. Ends in fail() if it cannot.
int take_bind(const View& view, const MountStep& step);
// A detached file system, or -1 and errno.
int take_file_system(const View& view, const MountStep& step);
// The same for our own needs: `parameter` may be null.
int make_file_system(const char* type, const char* parameter);
int make_read_only_folder();  // an empty one
// Mounts the step's file system on `place` by mount(2); 0, or -1 and errno.
int mount_the_old_way(const View& view, const MountStep& step, int place);

bool set_parameter(int fs, const char* key_and_value);
// mount_setattr(2); `flags` may hold AT_RECURSIVE. On older kernels a remount, which needs the mount to be attached.
void set_attributes(int mount, uint64_t set, uint64_t cleared, unsigned flags);
// What an older kernel could not do while the mount was detached.
void finish_attributes(const View& view, const MountStep& step, int mount);
// Fills the fresh tmpfs `to` with what the folder `from` holds.
void copy_up(int from, int to, const char* path);

}  // namespace tutti::embedded::shim::box
