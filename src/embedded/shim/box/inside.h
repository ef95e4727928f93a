// Paths of a box, resolved below its root by descriptor: links and ".." never lead out, magic links never count.
#pragma once

namespace tutti::embedded::shim::box {

enum class Links { inside, none };  // none: a symbolic link on the way is an error (ELOOP)

// openat2(2) below `root`; flags get O_CLOEXEC. -1 and errno on failure.
int open_inside(int root, const char* path, int flags, Links links = Links::inside, unsigned mode = 0);

enum class Make { nothing, folder, file };
// O_PATH descriptor of `path`; if it is missing, it and its parents are made (0755, owned by us). Ends in fail() if it
// cannot.
int target_inside(int root, const char* path, Make make, Links links);

// Whether the descriptor lies on procfs.
bool is_procfs(int fd);

}  // namespace tutti::embedded::shim::box
