// System calls and small words for the static shim: no heap, no exceptions, no libstdc++.
// Used by the files of this folder only.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <initializer_list>

namespace tutti::embedded::shim::box {

inline long sys_openat2(int folder, const char* path, const open_how& how) {
    return ::syscall(SYS_openat2, folder, path, &how, sizeof how);
}
inline int sys_fsopen(const char* type) { return static_cast<int>(::syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)); }
inline int sys_fsconfig(int fs, unsigned command, const char* key, const char* value) {
    return static_cast<int>(::syscall(SYS_fsconfig, fs, command, key, value, 0));
}
inline int sys_fsmount(int fs, unsigned attributes) {
    return static_cast<int>(::syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes));
}
inline int sys_open_tree(int folder, const char* path, unsigned flags) {
    return static_cast<int>(::syscall(SYS_open_tree, folder, path, flags | OPEN_TREE_CLOEXEC));
}
inline int sys_move_mount(int from, int to) {
    return static_cast<int>(
        ::syscall(SYS_move_mount, from, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}
inline int sys_mount_setattr(int fd, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation,
                             uint64_t userns = 0) {
    struct {
        uint64_t set, clear, propagation, userns;
    } attributes{set, clear, propagation, userns};
    return static_cast<int>(
        ::syscall(SYS_mount_setattr, fd, "", flags | AT_EMPTY_PATH, &attributes, sizeof attributes));
}
inline int sys_pivot_root(const char* to, const char* old) {
    return static_cast<int>(::syscall(SYS_pivot_root, to, old));
}
inline int sys_close_range(unsigned first, unsigned last, unsigned flags) {
    return static_cast<int>(::syscall(SYS_close_range, first, last, flags));
}
inline int sys_pidfd_open(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }
inline int sys_pidfd_send_signal(int fd, int signal) {
    return static_cast<int>(::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0));
}

// A text that is put together without the heap; what does not fit is cut.
template <size_t N>
class Line {
  public:
    Line() { text_[0] = 0; }
    Line& add(const char* text) { return add(text, text ? strlen(text) : 0); }
    Line& add(const char* text, size_t size) {
        if (size > N - 1 - size_) size = N - 1 - size_;
        if (size) memcpy(text_ + size_, text, size);
        size_ += size;
        text_[size_] = 0;
        return *this;
    }
    Line& add(char c) { return add(&c, 1); }
    Line& number(uint64_t value, unsigned width = 1) {
        char digits[24];
        unsigned n = 0;
        do digits[n++] = static_cast<char>('0' + value % 10);
        while ((value /= 10) != 0);
        while (n < width) digits[n++] = '0';
        while (n) add(digits[--n]);
        return *this;
    }
    Line& integer(int64_t value) {
        if (value >= 0) return number(static_cast<uint64_t>(value));
        add('-');
        return number(0 - static_cast<uint64_t>(value));
    }
    const char* text() const { return text_; }
    size_t size() const { return size_; }
    bool full() const { return size_ == N - 1; }

  private:
    char text_[N];
    size_t size_ = 0;
};

using Path = Line<4096>;

inline Path fd_path(int fd) {
    Path path;
    path.add("/proc/self/fd/").number(static_cast<uint64_t>(fd));
    return path;
}

inline bool write_all(int fd, const void* bytes, size_t size) {
    const char* at = static_cast<const char*>(bytes);
    while (size > 0) {
        const ssize_t n = ::write(fd, at, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        size -= static_cast<size_t>(n);
    }
    return true;
}

// A text in which byte 1 and a letter stand for something: `fill(letter)` writes that.
template <class Fill>
bool write_marked(int fd, const char* text, Fill fill) {
    for (const char* mark; (mark = strchr(text, '\x01')) && mark[1]; text = mark + 2)
        if (!write_all(fd, text, static_cast<size_t>(mark - text)) || !fill(mark[1])) return false;
    return write_all(fd, text, strlen(text));
}

}  // namespace tutti::embedded::shim::box
