#include "embedded/shim/box/inside.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

constexpr int most_retries = 128;  // openat2 says EAGAIN while somebody renames around it
constexpr int most_dangling_links = 16;

int open_inside(int root, const char* path, int flags, Links links, unsigned mode) {
    while (*path == '/') ++path;
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.mode = mode;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    if (links == Links::none) how.resolve |= RESOLVE_NO_SYMLINKS;
    for (int i = 0;; ++i) {
        const long fd = sys_openat2(root, *path ? path : ".", how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || i == most_retries) return static_cast<int>(fd);
    }
}

bool is_procfs(int fd) {
    struct statfs fs {};
    return ::fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static bool make_one(int parent, const char* name, Make make) {
    if (make == Make::folder) return ::mkdirat(parent, name, 0755) == 0 || errno == EEXIST;
    const int fd = ::openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0) ::close(fd);
    return fd >= 0 || errno == EEXIST;
}

// Makes what is missing of `path`, one component after the other. A link that points to nothing is followed by hand:
// its target (below the root) is made instead, and the rest of the way starts again from there.
static void make_path(int root, const char* path, Make make, Links links, int depth) {
    if (depth == most_dangling_links) fail("making a place inside the root", path, ELOOP);
    Path done;
    int parent = checked(::fcntl(root, F_DUPFD_CLOEXEC, 3), "making a place inside the root", path);
    for (const char* at = path; *at;) {
        while (*at == '/') ++at;
        const char* end = at;
        while (*end && *end != '/') ++end;
        if (end == at) break;
        Line<256> name;
        name.add(at, static_cast<size_t>(end - at));
        const char* rest = end;
        while (*rest == '/') ++rest;
        const bool last = *rest == 0;
        Path next;
        next.add(done.text()).add('/').add(name.text());
        int fd = open_inside(root, next.text(), O_PATH, links);
        if (fd < 0 && errno == ENOENT) {
            if (!make_one(parent, name.text(), last ? make : Make::folder))
                fail("making a place inside the root", path);
            fd = open_inside(root, next.text(), O_PATH, links);
        }
        if (fd < 0 && errno == ENOENT && links == Links::inside) {
            char link[4096];
            const ssize_t size = ::readlinkat(parent, name.text(), link, sizeof link - 1);
            if (size <= 0) fail("making a place inside the root", path, ENOENT);
            link[size] = 0;
            Path again;
            if (link[0] != '/') again.add(done.text()).add('/');
            again.add(link).add('/').add(rest);
            if (again.full()) fail("making a place inside the root", path, ENAMETOOLONG);
            ::close(parent);
            return make_path(root, again.text(), make, links, depth + 1);
        }
        if (fd < 0) fail("making a place inside the root", path);
        ::close(parent);
        parent = fd;
        done = next;
        at = end;
    }
    ::close(parent);
}

int target_inside(int root, const char* path, Make make, Links links) {
    int fd = open_inside(root, path, O_PATH, links);
    if (fd < 0 && errno == ENOENT && make != Make::nothing) {
        make_path(root, path, make, links, 0);
        fd = open_inside(root, path, O_PATH, links);
    }
    if (fd < 0) fail("finding a place inside the root", path);
    return fd;
}

}  // namespace tutti::embedded::shim::box
