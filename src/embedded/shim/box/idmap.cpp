#include "embedded/shim/box/idmap.h"

#include <sys/wait.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

static void write_map(const View& view, pid_t pid, const char* name, Array<IdRange> ranges) {
    Line<64> path;
    path.add("/proc/").number(static_cast<uint64_t>(pid)).add('/').add(name);
    Path lines;
    for (const IdRange& range : view.all(ranges))
        lines.number(range.inside).add(' ').number(range.outside).add(' ').number(range.size).add('\n');
    if (lines.full()) fail("writing the id map: too many ranges", path.text(), 0);
    const int fd = checked(::open(path.text(), O_WRONLY | O_CLOEXEC), "opening", path.text());
    if (!write_all(fd, lines.text(), lines.size())) fail("writing the id map", path.text());
    ::close(fd);
}

void write_id_maps(const View& view, pid_t pid, Array<IdRange> uids, Array<IdRange> gids) {
    if (uids.count) write_map(view, pid, "uid_map", uids);
    if (gids.count) write_map(view, pid, "gid_map", gids);
}

void map_ids(const View& view, const MountStep& step, int mount, unsigned flags) {
    const char* target = view.text(step.target);
    clone_args args{};
    args.flags = CLONE_NEWUSER;
    args.exit_signal = SIGCHLD;
    const pid_t holder = checked(::syscall(SYS_clone3, &args, sizeof args), "making an id map for", target);
    if (holder == 0) {
        for (;;) ::pause();
    }
    write_id_maps(view, holder, step.uids, step.gids);
    Line<64> path;
    path.add("/proc/").number(static_cast<uint64_t>(holder)).add("/ns/user");
    const int userns = ::open(path.text(), O_RDONLY | O_CLOEXEC);
    const int error = errno;
    ::kill(holder, SIGKILL);
    ::waitpid(holder, nullptr, __WALL);
    if (userns < 0) fail("opening the id map of", target, error);
    if (sys_mount_setattr(mount, flags, MOUNT_ATTR_IDMAP, 0, 0, static_cast<uint64_t>(userns)) != 0)
        fail("mapping the ids of the mount", target);
    ::close(userns);
}

}  // namespace tutti::embedded::shim::box
