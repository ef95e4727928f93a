#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace tutti::os {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

std::string read_file(const std::string& path, std::size_t limit) {
    const Fd fd = open(path, O_RDONLY);
    return base::in_context(path, [&] { return read_to_end(fd, limit); });
}

std::optional<std::string> read_file_if_exists(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (!fd) throw_errno(cat("opening ", path));
    return read_to_end(fd);
}

static std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

void write_file(const std::string& path, std::string_view content, unsigned mode, Durable durable) {
    static std::atomic<unsigned> counter{0};
    const std::string aside = cat(path, ".tmp-", ::getpid(), '-', counter++);
    try {
        const Fd fd = open(aside, O_WRONLY | O_CREAT | O_EXCL, mode);
        base::in_context(path, [&] { write_all(fd, content); });
        if (durable == Durable::yes && ::fsync(fd.get()) != 0) throw_errno(cat("syncing ", path));
        if (::rename(aside.c_str(), path.c_str()) != 0) throw_errno(cat("renaming ", aside));
    } catch (...) {
        ::unlink(aside.c_str());
        throw;
    }
    if (durable == Durable::yes) {
        const Fd folder = open(parent_of(path), O_RDONLY | O_DIRECTORY);
        if (::fsync(folder.get()) != 0) throw_errno(cat("syncing the folder of ", path));
    }
}

void make_folders(const std::string& path, unsigned mode) {
    if (::mkdir(path.c_str(), mode) == 0) return;
    if (errno == ENOENT && path.find('/') != std::string::npos && parent_of(path) != path) {
        make_folders(parent_of(path), mode);
        if (::mkdir(path.c_str(), mode) == 0) return;
    }
    struct stat st {};
    if (errno == EEXIST && ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return;
    throw_errno(cat("making folder ", path), errno);
}

bool exists(const std::string& path) {
    struct stat st {};
    return ::lstat(path.c_str(), &st) == 0;
}

std::vector<std::string> list_folder(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
    if (!dir && errno == ENOENT) return {};
    if (!dir) throw_errno(cat("reading folder ", path));
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(dir.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
}

void remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno(cat("removing ", path));
}

static void remove_tree_at(int parent, const char* name, dev_t device) {
    struct stat st {};
    if (::fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return;
        throw_errno(cat("removing ", name));
    }
    if (!S_ISDIR(st.st_mode)) {
        if (::unlinkat(parent, name, 0) != 0 && errno != ENOENT) throw_errno(cat("removing ", name));
        return;
    }
    if (device != 0 && st.st_dev != device)
        throw Error(ErrorKind::conflict, cat("removing ", name, ": something is mounted there"));
    const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) throw_errno(cat("removing ", name));
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd), ::closedir);
    while (const dirent* entry = ::readdir(dir.get())) {
        const std::string_view child = entry->d_name;
        if (child != "." && child != "..")
            base::in_context(name, [&] { remove_tree_at(fd, entry->d_name, st.st_dev); });
    }
    if (::unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) throw_errno(cat("removing ", name));
}

void remove_tree(const std::string& path) { remove_tree_at(AT_FDCWD, path.c_str(), 0); }

TempFolder::TempFolder(const std::string& parent, std::string_view prefix) : path_(cat(parent, "/", prefix, "XXXXXX")) {
    if (!::mkdtemp(path_.data())) throw_errno(cat("making a folder in ", parent));
}

TempFolder::~TempFolder() {
    if (path_.empty()) return;
    try {
        remove_tree(path_);
    } catch (const Error&) {  // a destructor's own clean-up: nothing better to do
    }
}

static std::optional<Fd> lock(const std::string& path, int operation) {
    Fd fd = open(path, O_RDWR | O_CREAT, 0600);
    while (::flock(fd.get(), operation) != 0) {
        if (errno == EWOULDBLOCK) return std::nullopt;
        if (errno != EINTR) throw_errno(cat("locking ", path));
    }
    return fd;
}

FileLock FileLock::wait(const std::string& path, Mode mode) {
    return FileLock(*lock(path, mode == Mode::shared ? LOCK_SH : LOCK_EX));
}

std::optional<FileLock> FileLock::try_now(const std::string& path, Mode mode) {
    auto fd = lock(path, (mode == Mode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
    if (!fd) return std::nullopt;
    return FileLock(std::move(*fd));
}

static std::optional<Fd> lock_existing(const std::string& path, int operation) {
    for (;;) {
        Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd && errno == ENOENT) return std::nullopt;
        if (!fd) throw_errno(cat("opening ", path));
        while (::flock(fd.get(), operation) != 0) {
            if (errno == EWOULDBLOCK) return std::nullopt;
            if (errno != EINTR) throw_errno(cat("locking ", path));
        }
        struct stat held {
        }, named{};
        if (::fstat(fd.get(), &held) != 0) throw_errno(cat("locking ", path));
        if (::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev) return fd;
    }
}

std::optional<FileLock> FileLock::wait_existing(const std::string& path, Mode mode) {
    auto fd = lock_existing(path, mode == Mode::shared ? LOCK_SH : LOCK_EX);
    if (!fd) return std::nullopt;
    return FileLock(std::move(*fd));
}

std::optional<FileLock> FileLock::try_existing(const std::string& path, Mode mode) {
    auto fd = lock_existing(path, (mode == Mode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
    if (!fd) return std::nullopt;
    return FileLock(std::move(*fd));
}

base::Files::Kind RealFiles::kind(const std::string& path) const {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return Kind::absent;
    if (S_ISREG(st.st_mode)) return Kind::file;
    return S_ISDIR(st.st_mode) ? Kind::directory : Kind::other;
}

std::string RealFiles::read(const std::string& path) const {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) throw_errno(cat("open ", path));
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) throw_errno(cat("open ", path));
    if (S_ISDIR(st.st_mode)) throw Error(ErrorKind::invalid, cat("read ", path, ": is a directory"), {}, EISDIR);
    if (S_ISCHR(st.st_mode) && st.st_size == 0 && path == "/dev/null") return {};
    if (!S_ISREG(st.st_mode)) throw Error(ErrorKind::invalid, cat("read ", path, ": is not a regular file"));
    return base::in_context(path, [&] { return read_to_end(fd, limit_); });
}

std::optional<std::string> RealFiles::read_link(const std::string& path) const {
    char target[4096];
    const ssize_t n = ::readlink(path.c_str(), target, sizeof target);
    if (n < 0) return std::nullopt;
    return std::string(target, static_cast<std::size_t>(n));
}

std::string RealFiles::read_stdin() const {
    const Fd copy(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    if (!copy) throw_errno("reading standard input");
    return read_to_end(copy, limit_);
}

}  // namespace tutti::os
