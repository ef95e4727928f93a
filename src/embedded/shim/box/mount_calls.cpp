#include "embedded/shim/box/mount_calls.h"

#include <sys/statvfs.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/idmap.h"
#include "embedded/shim/box/inside.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

static unsigned long old_flags(uint64_t attributes) {
    unsigned long flags = 0;
    if (attributes & MOUNT_ATTR_RDONLY) flags |= MS_RDONLY;
    if (attributes & MOUNT_ATTR_NOSUID) flags |= MS_NOSUID;
    if (attributes & MOUNT_ATTR_NODEV) flags |= MS_NODEV;
    if (attributes & MOUNT_ATTR_NOEXEC) flags |= MS_NOEXEC;
    if (attributes & MOUNT_ATTR_NODIRATIME) flags |= MS_NODIRATIME;
    const uint64_t atime = attributes & MOUNT_ATTR__ATIME;
    if (atime == MOUNT_ATTR_NOATIME) flags |= MS_NOATIME;
    if (atime == MOUNT_ATTR_STRICTATIME) flags |= MS_STRICTATIME;
    return flags;
}

// What a mount has now, as flags for a remount (the kernel refuses to drop locked ones).
static unsigned long present_flags(const char* path) {
    struct statvfs fs {};
    if (::statvfs(path, &fs) != 0) return 0;
    unsigned long flags = 0;
    if (fs.f_flag & ST_RDONLY) flags |= MS_RDONLY;
    if (fs.f_flag & ST_NOSUID) flags |= MS_NOSUID;
    if (fs.f_flag & ST_NODEV) flags |= MS_NODEV;
    if (fs.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
    if (fs.f_flag & ST_NOATIME) flags |= MS_NOATIME;
    if (fs.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
    if (fs.f_flag & ST_RELATIME) flags |= MS_RELATIME;
    return flags;
}

bool set_parameter(int fs, const char* key_and_value) {
    const char* equals = strchr(key_and_value, '=');
    if (!equals) return sys_fsconfig(fs, FSCONFIG_SET_FLAG, key_and_value, nullptr) == 0;
    Line<64> key;
    key.add(key_and_value, static_cast<size_t>(equals - key_and_value));
    return sys_fsconfig(fs, FSCONFIG_SET_STRING, key.text(), equals + 1) == 0;
}

static int finish(int fs, bool good, uint64_t attributes) {
    int mount = -1;
    if (good && sys_fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr) == 0)
        mount = sys_fsmount(fs, static_cast<unsigned>(attributes));
    const int error = errno;
    ::close(fs);
    errno = error;
    return mount;
}

int make_file_system(const char* type, const char* parameter) {
    const int fs = sys_fsopen(type);
    if (fs < 0) return -1;
    return finish(fs, !parameter || set_parameter(fs, parameter),
                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV);
}

int make_read_only_folder() {
    const int fs = sys_fsopen("tmpfs");
    if (fs < 0) return -1;
    return finish(fs, set_parameter(fs, "nr_blocks=1") && set_parameter(fs, "nr_inodes=1"),
                  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV);
}

int take_file_system(const View& view, const MountStep& step) {
    const int fs = sys_fsopen(view.text(step.type));
    if (fs < 0) return -1;
    bool good = !step.source || sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", view.text(step.source)) == 0;
    for (const Text parameter : view.all(step.parameters)) good = good && set_parameter(fs, view.text(parameter));
    const int mount = finish(fs, good, step.attributes);
    if (mount >= 0 && step.propagation) sys_mount_setattr(mount, 0, 0, 0, step.propagation & ~uint64_t{MS_REC});
    return mount;
}

int mount_the_old_way(const View& view, const MountStep& step, int place) {
    const char* source = step.source ? view.text(step.source) : view.text(step.type);
    return ::mount(source, fd_path(place).text(), view.text(step.type), old_flags(step.attributes),
                   step.data ? view.text(step.data) : nullptr);
}

void set_attributes(int mount, uint64_t set, uint64_t cleared, unsigned flags) {
    if (sys_mount_setattr(mount, flags, set, cleared, 0) == 0) return;
    if (errno != ENOSYS) fail("setting the attributes of a mount", fd_path(mount).text());
    const Path path = fd_path(mount);
    const unsigned long now = (present_flags(path.text()) | old_flags(set)) & ~old_flags(cleared);
    // Of a detached mount this fails with EINVAL; finish_attributes() does it once it is attached.
    if (::mount(nullptr, path.text(), nullptr, MS_REMOUNT | MS_BIND | now, nullptr) != 0 && errno != EINVAL)
        fail("remounting", path.text());
}

// "/proc/PID/root/…": lies in the mount namespace of another box, and is taken from within it.
// The number of characters of "/proc/PID/root", or 0.
static size_t length_of_box_root(const char* source) {
    static constexpr char proc[] = "/proc/", root[] = "/root/";
    if (strncmp(source, proc, sizeof proc - 1) != 0) return 0;
    size_t at = sizeof proc - 1;
    const size_t digits = strspn(source + at, "0123456789");
    at += digits;
    return digits > 0 && strncmp(source + at, root, sizeof root - 1) == 0 ? at + sizeof root - 2 : 0;
}

static int take_from_box(const char* source, size_t length, unsigned recursive) {
    static constexpr const char* step = "taking the mount's source from another container";
    Path top, space;
    top.add(source, length);
    space.add(source, length - strlen("root")).add("ns/mnt");
    const int root = checked(::open(top.text(), O_PATH | O_DIRECTORY | O_CLOEXEC), step, top.text());
    const int place = checked(open_inside(root, source + length, O_PATH), step, source);
    const int theirs = checked(::open(space.text(), O_RDONLY | O_CLOEXEC), step, space.text());
    const int own = checked(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), step, "/proc/self/ns/mnt");
    if (::setns(theirs, CLONE_NEWNS) != 0) fail("joining the mount namespace of another container", space.text());
    const int mount = sys_open_tree(place, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | recursive);
    const int error = errno;
    if (::setns(own, CLONE_NEWNS) != 0) fail("returning to our own namespace", "/proc/self/ns/mnt");
    for (const int fd : {root, place, theirs, own}) ::close(fd);
    errno = error;
    return checked(mount, step, source);
}

int take_bind(const View& view, const MountStep& step) {
    const char* source = view.text(step.source);
    const unsigned recursive = step.flags & mount_recursive ? AT_RECURSIVE : 0u;
    const size_t box_root = length_of_box_root(source);
    const int mount = box_root > 0 ? take_from_box(source, box_root, recursive)
                                   : checked(sys_open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | recursive),
                                             "taking the mount's source", source);
    if (step.propagation) {
        const unsigned all = step.propagation & MS_REC ? AT_RECURSIVE : 0u;
        if (sys_mount_setattr(mount, all, 0, 0, step.propagation & ~uint64_t{MS_REC}) != 0 && errno != ENOSYS)
            fail("setting the propagation of", source);
    }
    if (step.uids.count || step.gids.count) map_ids(view, step, mount, recursive);
    if (step.all_attributes) set_attributes(mount, step.all_attributes, 0, AT_RECURSIVE);
    if (step.attributes || step.cleared) set_attributes(mount, step.attributes, step.cleared, 0);
    return mount;
}

void finish_attributes(const View& view, const MountStep& step, int mount) {
    if (step.kind != MountStep::bind) return;
    // The usual case costs one call that changes nothing; it also tells whether the kernel knows the call.
    if (sys_mount_setattr(mount, 0, 0, 0, 0) == 0 || errno != ENOSYS) return;
    const Path path = fd_path(mount);
    if (step.all_attributes)
        fail("making a mount and all below it read-only needs Linux 5.12", view.text(step.target), 0);
    if (step.propagation &&
        ::mount(nullptr, path.text(), nullptr, static_cast<unsigned long>(step.propagation), nullptr) != 0)
        fail("setting the propagation of", view.text(step.target));
    if (step.attributes || step.cleared) set_attributes(mount, step.attributes, step.cleared, 0);
}

}  // namespace tutti::embedded::shim::box
