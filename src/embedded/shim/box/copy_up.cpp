#include <dirent.h>
#include <sys/sendfile.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/mount_calls.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

namespace {

struct Entry {  // struct linux_dirent64
    uint64_t inode;
    int64_t next;
    unsigned short size;
    unsigned char type;
    char name[1];
};

constexpr int deepest = 64;

void same_owner(int from, int to, const char* name, const struct stat& st, const char* path) {
    if (::fchownat(to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0) fail("copying up", path);
    if (!S_ISLNK(st.st_mode) && ::fchmodat(to, name, st.st_mode & 07777, 0) != 0) fail("copying up", path);
    const timespec times[2] = {st.st_atim, st.st_mtim};
    ::utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
    (void)from;
}

void copy_file(int from, int to, const char* name, const struct stat& st, const char* path) {
    const int in = checked(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), "copying up", path);
    const int out = checked(::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), "copying up", path);
    for (off_t left = st.st_size; left > 0;) {
        const ssize_t n = ::sendfile(out, in, nullptr, static_cast<size_t>(left));
        if (n < 0) fail("copying up", path);
        if (n == 0) break;
        left -= n;
    }
    ::close(in);
    ::close(out);
}

void copy_folder(int from, int to, const char* path, int depth);

void copy_entry(int from, int to, const char* name, const char* path, int depth) {
    struct stat st {};
    if (::fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) != 0) fail("copying up", path);
    if (S_ISDIR(st.st_mode)) {
        if (::mkdirat(to, name, 0700) != 0) fail("copying up", path);
        const int in =
            checked(::openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "copying up", path);
        const int out =
            checked(::openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), "copying up", path);
        copy_folder(in, out, path, depth + 1);
        ::close(in);
        ::close(out);
    } else if (S_ISLNK(st.st_mode)) {
        Path link;
        char target[4096];
        const ssize_t size = ::readlinkat(from, name, target, sizeof target - 1);
        if (size < 0) fail("copying up", path);
        link.add(target, static_cast<size_t>(size));
        if (::symlinkat(link.text(), to, name) != 0) fail("copying up", path);
    } else if (S_ISREG(st.st_mode)) {
        copy_file(from, to, name, st, path);
    } else if (::mknodat(to, name, st.st_mode, st.st_rdev) != 0) {
        fail("copying up", path);
    }
    same_owner(from, to, name, st, path);
}

void copy_folder(int from, int to, const char* path, int depth) {
    if (depth > deepest) fail("copying up: too many folders in each other", path, ELOOP);
    alignas(8) char buffer[4096];
    for (;;) {
        const long size = ::syscall(SYS_getdents64, from, buffer, sizeof buffer);
        if (size < 0) fail("copying up", path);
        if (size == 0) return;
        for (long at = 0; at < size;) {
            const Entry* entry = reinterpret_cast<const Entry*>(buffer + at);
            at += entry->size;
            if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
                copy_entry(from, to, entry->name, path, depth);
        }
    }
}

}  // namespace

void copy_up(int from, int to, const char* path) {
    const int in = checked(::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "copying up", path);
    const int out = checked(::openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "copying up", path);
    struct stat st {};
    if (::fstat(in, &st) != 0) fail("copying up", path);
    copy_folder(in, out, path, 0);
    same_owner(in, out, ".", st, path);
    ::close(in);
    ::close(out);
}

}  // namespace tutti::embedded::shim::box
