#include "embedded/shim/box/mounts.h"

#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/inside.h"
#include "embedded/shim/box/mount_calls.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

static int* fd_table(std::uint32_t count) {
    if (count == 0) return nullptr;
    void* memory = ::mmap(nullptr, count * sizeof(int), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("making a table of mounts", nullptr);
    return static_cast<int*>(memory);
}

static int take_overlay(const View& view) {
    const Plan& plan = view.plan();
    const int fs = sys_fsopen("overlay");
    if (fs < 0) return -1;  // mount_old will try
    bool good = true;
    const auto set = [&](const char* key, Text value) {
        good = good && sys_fsconfig(fs, FSCONFIG_SET_STRING, key, view.text(value)) == 0;
    };
    for (const Text layer : view.all(plan.lower)) set("lowerdir+", layer);
    if (plan.upper) set("upperdir", plan.upper);
    if (plan.work) set("workdir", plan.work);
    for (const Text option : view.all(plan.overlay_options)) good = good && set_parameter(fs, view.text(option));
    good = good && sys_fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr) == 0;
    const int mount = good ? sys_fsmount(fs, 0) : -1;
    const int error = errno;
    ::close(fs);
    errno = error;
    return mount;
}

static void mount_overlay(const View& view) {
    const Plan& plan = view.plan();
    const char* path = view.text(plan.root);
    const int place = checked(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), "opening the root", path);
    const int overlay = take_overlay(view);
    if (overlay >= 0 ? sys_move_mount(overlay, place) != 0
                     : ::mount("overlay", fd_path(place).text(), "overlay", 0, view.text(plan.overlay_data)) != 0)
        fail("mounting the overlay", path);
    if (overlay >= 0) ::close(overlay);
    ::close(place);
}

void mount_for_runtime(const View& view) {
    const Plan& plan = view.plan();
    const auto mounts = view.all(plan.mounts);
    if (plan.lower.count == 0 && mounts.size() == 0) return;
    if (::unshare(CLONE_NEWNS) != 0) fail("making a mount namespace", nullptr);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) fail("making the mounts private", "/");
    if (plan.lower.count > 0) mount_overlay(view);
    for (const MountStep& step : mounts) {
        const char* path = view.text(step.target);
        const int mount = take_bind(view, step);
        const int place = checked(::open(path, O_PATH | O_CLOEXEC), "opening the mount's place", path);
        if (sys_move_mount(mount, place) != 0) fail("mounting", path);
        ::close(mount);
        ::close(place);
    }
}

static std::uint32_t outside_id(const View& view, Array<IdRange> ranges, std::uint32_t id) {
    for (const IdRange& range : view.all(ranges))
        if (id >= range.inside && id - range.inside < range.size) return range.outside + (id - range.inside);
    return id;
}

// In a user namespace no node can be made. They are made out here, on a tmpfs that nobody sees, and bound inside.
static void take_devices(const View& view, Sources& sources) {
    const Plan& plan = view.plan();
    const auto devices = view.all(plan.devices);
    bool user = false;
    for (const NamespaceStep& step : view.all(plan.namespaces)) user = user || step.flag == CLONE_NEWUSER;
    if (!user || devices.size() == 0) return;
    const int fs = sys_fsopen("tmpfs");
    const int folder = fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr) != 0 ? -1 : sys_fsmount(fs, 0);
    if (fs >= 0) ::close(fs);
    if (folder < 0) return;  // make_device() binds the host's
    sources.devices = fd_table(devices.size());
    for (std::uint32_t i = 0; i < devices.size(); ++i) {
        const DeviceStep& step = devices[i];
        Line<16> name;
        name.number(i);
        sources.devices[i] = -1;
        if (::mknodat(folder, name.text(), step.mode & S_IFMT, makedev(step.major, step.minor)) != 0 ||
            ::fchmodat(folder, name.text(), step.mode & 07777, 0) != 0 ||
            ::fchownat(folder, name.text(), outside_id(view, plan.uids, step.uid),
                       outside_id(view, plan.gids, step.gid), AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        sources.devices[i] = sys_open_tree(folder, name.text(), OPEN_TREE_CLONE);
    }
    ::close(folder);
}

void take_sources(const View& view, Sources& sources) {
    const Plan& plan = view.plan();
    if (plan.only_chroot) return;
    if (plan.lower.count > 0) {
        sources.root = take_overlay(view);  // -1: the child mounts it the old way
    } else {
        sources.root = sys_open_tree(AT_FDCWD, view.text(plan.root), OPEN_TREE_CLONE | AT_RECURSIVE);
        if (sources.root < 0 && errno != ENOSYS) fail("taking the root", view.text(plan.root));
    }
    const auto mounts = view.all(plan.mounts);
    sources.fds = fd_table(mounts.size());
    for (std::uint32_t i = 0; i < mounts.size(); ++i) {
        const MountStep& step = mounts[i];
        sources.fds[i] = step.kind == MountStep::bind ? take_bind(view, step) : -1;
    }
    take_devices(view, sources);
    bool shows_cgroups = false;
    for (const MountStep& step : mounts) shows_cgroups = shows_cgroups || step.kind == MountStep::cgroup;
    const auto cgroups = view.all(plan.cgroups);
    sources.cgroups = shows_cgroups ? fd_table(cgroups.size()) : nullptr;
    if (!shows_cgroups) return;
    for (std::uint32_t i = 0; i < cgroups.size(); ++i) {
        Path path;
        path.add(view.text(cgroups[i].mount)).add('/').add(view.text(cgroups[i].folder));
        sources.cgroups[i] =
            checked(sys_open_tree(AT_FDCWD, path.text(), OPEN_TREE_CLONE), "taking the cgroup", path.text());
    }
}

void release(const View& view, Sources& sources) {
    if (sources.root >= 0) ::close(sources.root);
    const auto close_all = [](int*& fds, std::uint32_t count) {
        if (!fds) return;
        for (std::uint32_t i = 0; i < count; ++i)
            if (fds[i] >= 0) ::close(fds[i]);
        ::munmap(fds, count * sizeof(int));
        fds = nullptr;
    };
    close_all(sources.fds, view.plan().mounts.count);
    close_all(sources.devices, view.plan().devices.count);
    close_all(sources.cgroups, view.plan().cgroups.count);
    sources.root = -1;
}

static void attach_root(const View& view, const Sources& sources, Root& root) {
    const Plan& plan = view.plan();
    const char* path = view.text(plan.root);
    // Nothing that happens in here may reach the host; what the host mounts later may come in where that is asked for.
    const auto propagation =
        static_cast<unsigned long>(plan.root_propagation & (MS_SLAVE | MS_SHARED) ? MS_SLAVE : MS_PRIVATE);
    if (::mount(nullptr, "/", nullptr, MS_REC | propagation, nullptr) != 0) fail("making the mounts private", "/");
    const int place = checked(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), "opening the root", path);
    if (sources.root >= 0) {
        if (sys_move_mount(sources.root, place) != 0) fail("mounting the root", path);
        root.fd = sources.root;
        ::close(place);
    } else {
        const bool overlay = plan.lower.count > 0;
        const int mounted = overlay
                                ? ::mount("overlay", fd_path(place).text(), "overlay", 0, view.text(plan.overlay_data))
                                : ::mount(path, fd_path(place).text(), nullptr, MS_BIND | MS_REC, nullptr);
        if (mounted != 0) fail(overlay ? "mounting the overlay" : "mounting the root", path);
        ::close(place);
        root.fd = checked(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), "opening the root", path);
    }
    if (::fchdir(root.fd) != 0) fail("entering the root", path);
    // pivot_root refuses a root that is shared.
    if (::mount(nullptr, ".", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL)
        fail("making the root private", path);
}

static void make_device(const Root& root, const View& view, const DeviceStep& step, int lent) {
    const char* path = view.text(step.path);
    const char* name = strrchr(path, '/');
    Path folder;
    folder.add(path, static_cast<size_t>(name ? name - path : 0));
    name = name ? name + 1 : path;
    const int parent = target_inside(root.fd, folder.text(), Make::folder, Links::none);
    const dev_t number = makedev(step.major, step.minor);
    if (::mknodat(parent, name, step.mode & S_IFMT, number) == 0) {
        if (::fchmodat(parent, name, step.mode & 07777, 0) != 0 ||
            ::fchownat(parent, name, step.uid, step.gid, AT_SYMLINK_NOFOLLOW) != 0)
            fail("setting up the device", path);
        ::close(parent);
        return;
    }
    struct stat st {};
    if (errno == EEXIST && ::fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        (st.st_mode & S_IFMT) == (step.mode & S_IFMT) && st.st_rdev == number) {
        ::close(parent);
        return;
    }
    if (errno != EPERM) fail("making the device", path);
    // In a user namespace nodes cannot be made: the host's own is bound instead, if it is the one that was meant.
    const int source = lent >= 0 ? lent : sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE);
    if (source < 0 || ::fstat(source, &st) != 0) fail("taking the host's device", path);
    if ((st.st_mode & S_IFMT) != (step.mode & S_IFMT) || st.st_rdev != number)
        fail("taking the host's device", path, ENODEV);
    const int file = ::openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    set_attributes(source, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0);
    if (file < 0 || sys_move_mount(source, file) != 0) fail("binding the device", path);
    ::close(file);
    if (lent < 0) ::close(source);
    ::close(parent);
}

static void make_links(const Root& root, const View& view) {
    for (const LinkStep& step : view.all(view.plan().links)) {
        const char* path = view.text(step.path);
        const char* name = strrchr(path, '/') + 1;
        Path folder;
        folder.add(path, static_cast<size_t>(name - path - 1));
        const int parent = target_inside(root.fd, folder.text(), Make::folder, Links::inside);
        if (::symlinkat(view.text(step.target), parent, name) != 0 && errno != EEXIST) fail("making the link", path);
        ::close(parent);
    }
}

static void show_cgroups(const View& view, const Sources& sources, const Root& root, const MountStep& step) {
    const char* target = view.text(step.target);
    const auto cgroups = view.all(view.plan().cgroups);
    const int place = target_inside(root.fd, target, Make::folder, Links::none);
    if (cgroups.size() == 1 && cgroups[0].version == 2) {
        set_attributes(sources.cgroups[0], step.attributes, 0, 0);
        if (sys_move_mount(sources.cgroups[0], place) != 0) fail("mounting the cgroup", target);
        ::close(place);
        return;
    }
    const int top = make_file_system("tmpfs", "mode=755");
    if (top < 0 || sys_move_mount(top, place) != 0) fail("mounting", target);
    for (std::uint32_t i = 0; i < cgroups.size(); ++i) {
        const char* name = cgroups[i].version == 2 ? "unified" : view.text(cgroups[i].name);
        if (::mkdirat(top, name, 0755) != 0) fail("making a folder for the cgroup", name);
        const int folder = checked(::openat(top, name, O_PATH | O_DIRECTORY | O_CLOEXEC), "opening the cgroup", name);
        set_attributes(sources.cgroups[i], step.attributes, 0, 0);
        if (sys_move_mount(sources.cgroups[i], folder) != 0) fail("mounting the cgroup", name);
        ::close(folder);
        // "cpu,cpuacct" is reached as cpu and as cpuacct, too
        for (const char* at = name; strchr(name, ',') && at;) {
            const char* comma = strchr(at, ',');
            Line<128> part;
            part.add(at, comma ? static_cast<size_t>(comma - at) : strlen(at));
            if (::symlinkat(name, top, part.text()) != 0 && errno != EEXIST) fail("making the link", part.text());
            at = comma ? comma + 1 : nullptr;
        }
    }
    set_attributes(top, step.attributes, 0, 0);
    ::close(top);
    ::close(place);
}

// sysfs and the like belong to a namespace that the box shares with the host while its users are its own: then nobody
// inside may mount them anew, and the host's is bound.
static int take_from_host(const View& view, const MountStep& step) {
    static constexpr const char* places[][2] = {{"sysfs", "/sys"}, {"proc", "/proc"}, {"mqueue", "/dev/mqueue"}};
    for (const auto& place : places) {
        if (strcmp(view.text(step.type), place[0]) != 0) continue;
        const int mount = sys_open_tree(AT_FDCWD, place[1], OPEN_TREE_CLONE | AT_RECURSIVE);
        if (mount >= 0) set_attributes(mount, step.attributes, step.cleared, 0);
        return mount;
    }
    errno = EPERM;
    return -1;
}

static void attach(const View& view, const Root& root, const MountStep& step, int source, int& kept) {
    const char* target = view.text(step.target);
    Make make = Make::folder;
    if (step.flags & mount_no_create) make = Make::nothing;
    struct stat st {};
    if (step.kind == MountStep::bind && ::fstat(source, &st) == 0 && !S_ISDIR(st.st_mode) && make == Make::folder)
        make = Make::file;
    const int place = target_inside(root.fd, target, make, step.flags & mount_strict ? Links::none : Links::inside);
    if (!(step.flags & mount_may_be_proc) && is_procfs(place)) fail("mounting over procfs is not allowed", target, 0);
    int mount = source;
    // Kernels from 6.8 list mounts by their age: a copy made now stands where the spec has it.
    if (const int again =
            step.kind != MountStep::bind
                ? -1
                : sys_open_tree(source, "",
                                OPEN_TREE_CLONE | AT_EMPTY_PATH | (step.flags & mount_recursive ? AT_RECURSIVE : 0));
        again >= 0)
        mount = again;
    if (step.kind == MountStep::file_system) {
        mount = take_file_system(view, step);
        if (mount < 0 && mount_the_old_way(view, step, place) == 0) {
            ::close(place);
            kept = target_inside(root.fd, target, Make::nothing, Links::none);
            return;
        }
        if (mount < 0 && errno == EPERM) mount = take_from_host(view, step);
        if (mount < 0 && step.flags & mount_optional) {
            ::close(place);
            return;
        }
        if (mount < 0) fail("making the file system for", target);
        if (step.flags & mount_copy_up) copy_up(place, mount, target);
    }
    if (sys_move_mount(mount, place) != 0) fail("mounting", target);
    finish_attributes(view, step, mount);
    ::close(place);
    kept = mount;
}

void enter_root(const View& view, const Sources& sources, Root& root) {
    attach_root(view, sources, root);
    const Plan& plan = view.plan();
    const auto mounts = view.all(plan.mounts);
    bool devices_made = false;
    const auto make_devices = [&] {
        const auto devices = view.all(plan.devices);
        for (std::uint32_t i = 0; i < devices.size(); ++i)
            make_device(root, view, devices[i], sources.devices ? sources.devices[i] : -1);
        make_links(root, view);
        devices_made = true;
    };
    for (std::uint32_t i = 0; i < mounts.size(); ++i) {
        const MountStep& step = mounts[i];
        if (step.kind == MountStep::cgroup) {
            show_cgroups(view, sources, root, step);
            continue;
        }
        int mount = -1;
        attach(view, root, step, sources.fds[i], mount);
        if (mount < 0) continue;
        const char* type = view.text(step.type);
        if (step.kind == MountStep::file_system && strcmp(type, "proc") == 0 && root.proc < 0)
            root.proc = mount;
        else if (step.kind == MountStep::file_system && strcmp(type, "devpts") == 0)
            root.pts = mount;
        else
            ::close(mount);
        if (step.flags & mount_is_dev) make_devices();
    }
    if (!devices_made) make_devices();
    if (root.proc < 0) root.proc = make_file_system("proc", nullptr);
}

// After this nothing can be made in a read-only root any more.
void close_paths(const View& view, const Root& root) {
    int empty = -1;  // one empty folder lies over all masked folders
    for (const PathStep& step : view.all(view.plan().masked)) {
        const char* path = view.text(step.path);
        const int place = open_inside(root.fd, path, O_PATH);
        if (place < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) continue;
        struct stat st {};
        if (place < 0 || ::fstat(place, &st) != 0) fail("masking", path);
        int cover = -1;
        if (S_ISDIR(st.st_mode)) {
            cover = empty < 0 ? make_read_only_folder() : sys_open_tree(empty, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
        } else {
            cover = sys_open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE);  // the host's: we have not left its tree yet
            if (cover >= 0 && (::fstat(cover, &st) != 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)))
                fail("masking needs the host's /dev/null to be the null device", path, 0);
        }
        if (cover < 0 || sys_move_mount(cover, place) != 0) fail("masking", path);
        if (S_ISDIR(st.st_mode) && empty < 0)
            empty = cover;
        else
            ::close(cover);
        ::close(place);
    }
    if (empty >= 0) ::close(empty);
    for (const PathStep& step : view.all(view.plan().readonly)) {
        const char* path = view.text(step.path);
        const int place = open_inside(root.fd, path, O_PATH);
        if (place < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
        if (place < 0) fail("making read-only", path);
        const int cover = sys_open_tree(place, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
        if (cover < 0 || sys_move_mount(cover, place) != 0) fail("making read-only", path);
        set_attributes(cover, MOUNT_ATTR_RDONLY, 0, AT_RECURSIVE);
        ::close(cover);
        ::close(place);
    }
    if (view.plan().root_readonly) set_attributes(root.fd, MOUNT_ATTR_RDONLY, 0, 0);
}

void open_root(const View& view, Root& root) {
    const char* path = view.text(view.plan().root);
    root.fd = checked(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), "opening the root", path);
    root.proc = make_file_system("proc", nullptr);
}

void bind_console(const Root& root, int terminal) {
    const int source = sys_open_tree(terminal, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    const int place = target_inside(root.fd, "/dev/console", Make::file, Links::none);
    if (source < 0 || sys_move_mount(source, place) != 0) fail("binding the terminal", "/dev/console");
    ::close(source);
    ::close(place);
}

void pivot(const View& view, const Root& root) {
    const Plan& plan = view.plan();
    if (::fchdir(root.fd) != 0) fail("entering the root", view.text(plan.root));
    if (plan.only_chroot) {
        if (::chroot(".") != 0 || ::chdir("/") != 0) fail("entering the root", view.text(plan.root));
        return;
    }
    if (plan.no_pivot) {
        if (::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || ::chroot(".") != 0) fail("moving the root", nullptr);
    } else {
        if (sys_pivot_root(".", ".") != 0) fail("pivoting into the root", view.text(plan.root));
        if (::umount2(".", MNT_DETACH) != 0) fail("leaving the host's tree", nullptr);
    }
    if (::chdir("/") != 0) fail("entering the root", "/");
    if (plan.root_propagation &&
        ::mount(nullptr, "/", nullptr, static_cast<unsigned long>(plan.root_propagation), nullptr) != 0)
        fail("setting the propagation of", "/");
}

}  // namespace tutti::embedded::shim::box
