#include "embedded/supervise/membership.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "embedded/records/names.h"

namespace tutti::embedded::supervise {

using base::cat;
using base::throw_errno;

// A project's name is a label's value, which may be anything; a folder's name may not.
static std::string folder_name(const std::string& project) {
    if (project.empty()) return "=";  // the unnamed one
    if (records::valid_name(project)) return project;
    const auto* bytes = reinterpret_cast<const unsigned char*>(project.data());
    return "=" + base::to_hex({bytes, std::min<std::size_t>(project.size(), 100)});
}

Membership::Membership(const std::string& run_dir, const std::string& project)
    : folder_(cat(run_dir, "/projects/", folder_name(project))) {}

void Membership::touch(const std::string& id) const {
    const std::string path = cat(members_folder(), '/', id);
    os::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!file && errno == ENOENT) {
        os::make_folders(members_folder());
        file = os::Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    if (!file) throw_errno(cat("writing ", path));
    // Closing a file that was open for writing is what wakes the supervisor (IN_CLOSE_WRITE).
}

void Membership::forget(const std::string& id) const { os::remove_file(cat(members_folder(), '/', id)); }

std::vector<std::string> Membership::members() const { return os::list_folder(members_folder()); }

void Membership::ensure_supervisor(const std::vector<std::string>& command) const {
    const os::Fd lock(::open(lock_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) throw_errno(cat("opening ", lock_path()));
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return;
        throw_errno(cat("locking ", lock_path()));
    }
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    char* const no_environment[] = {nullptr};

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int fd = 0; fd < 3; ++fd)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", fd == 0 ? O_RDONLY : O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, lock.get(), 3);
    posix_spawn_file_actions_addchdir_np(&actions, "/");
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, argv.front(), &actions, &attributes, argv.data(), no_environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0) throw_errno(cat("starting the supervisor ", command.front()), failed);
}

os::Fd Membership::try_supervise() const {
    os::make_folders(folder_);
    os::Fd lock = os::open(lock_path(), O_RDWR | O_CREAT, 0600);
    // A shim that looks whether somebody supervises holds the lock for microseconds: one refusal says nothing.
    for (int attempt = 0; attempt < 10; ++attempt) {
        if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
        if (errno != EWOULDBLOCK) throw_errno(cat("locking ", lock_path()));
        ::poll(nullptr, 0, 1 << attempt / 2);
    }
    return {};
}

bool Membership::is_inherited_lock(int fd, const std::string& path) {
    struct stat open {
    }, named{};
    return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
           open.st_dev == named.st_dev && ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

}  // namespace tutti::embedded::supervise
