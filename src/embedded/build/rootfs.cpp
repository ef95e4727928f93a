#include "embedded/build/rootfs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/scope.h"

namespace tutti::embedded::build {

using base::cat;
using base::throw_errno;

StepFolder::StepFolder(const std::string& parent)
    : folder_(parent, "step-"),
      upper_(make("upper")),
      work_(make("work")),
      empty_(make("empty")),
      root_(make("root")) {}

std::string StepFolder::make(const std::string& name) const {
    const std::string path = cat(folder_.path(), '/', name);
    os::make_folders(path, 0755);
    return path;
}

void with_private_mounts(const std::function<void()>& work) {
    os::Scope scope;
    scope.spawn([&] {
        // CLONE_FS first: threads share root and working directory, which a mount namespace of one thread alone may
        // not.
        if (::unshare(CLONE_FS | CLONE_NEWNS) != 0) throw_errno("making a mount namespace");
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) throw_errno("making mounts private");
        work();
    });
    scope.join();
}

namespace {

void set(int fs, const char* key, const std::string& value) {
    if (::syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value.c_str(), 0) != 0)
        throw_errno(cat("mounting an overlay: ", key, "=", value));
}

// The list of folders goes in one by one: as one option it would be cut at a page (kernels before 6.5 take only that
// form).
void add_lowers(int fs, const std::vector<std::string>& lower) {
    bool one_by_one = true;
    for (const auto& folder : lower) {
        if (::syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "lowerdir+", folder.c_str(), 0) == 0) continue;
        if (&folder != &lower.front()) throw_errno(cat("mounting an overlay: lowerdir+=", folder));
        one_by_one = false;
        break;
    }
    if (!one_by_one) set(fs, "lowerdir", base::join(lower, ":"));
}

}  // namespace

os::Fd mount_overlay(const std::vector<std::string>& lower, const std::string& upper, const std::string& work,
                     const StepFolder& folder, const std::string& at) {
    std::vector<std::string> lowers = lower;
    if (lowers.empty()) lowers.push_back(folder.empty());
    // Without an upper folder the kernel wants two lower ones.
    if (upper.empty() && lowers.size() == 1) {
        os::Fd fd = os::open(lowers[0], O_RDONLY | O_DIRECTORY);
        return fd;
    }
    const os::Fd fs(static_cast<int>(::syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC)));
    if (!fs) throw_errno("mounting an overlay");
    add_lowers(fs.get(), lowers);
    if (!upper.empty()) {
        set(fs.get(), "upperdir", upper);
        set(fs.get(), "workdir", work);
    }
    if (::syscall(SYS_fsconfig, fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        throw_errno("mounting an overlay");
    const os::Fd mount(static_cast<int>(::syscall(SYS_fsmount, fs.get(), FSMOUNT_CLOEXEC, 0)));
    if (!mount) throw_errno("mounting an overlay");
    if (::syscall(SYS_move_mount, mount.get(), "", AT_FDCWD, at.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
        throw_errno(cat("mounting an overlay on ", at));
    return os::open(at, O_RDONLY | O_DIRECTORY);
}

}  // namespace tutti::embedded::build
