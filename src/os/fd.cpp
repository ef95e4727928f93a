#include "os/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::os {

using base::cat;
using base::throw_errno;

void Fd::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Fd Fd::duplicate() const {
    Fd copy(::fcntl(fd_, F_DUPFD_CLOEXEC, 3));
    if (!copy) throw_errno("duplicating a descriptor");
    return copy;
}

Fd open(const std::string& path, int flags, unsigned mode) {
    Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (!fd) throw_errno(cat("opening ", path));
    return fd;
}

Fd open_at(const Fd& folder, const std::string& path, int flags, unsigned mode) {
    Fd fd(::openat(folder.get(), path.c_str(), flags | O_CLOEXEC, mode));
    if (!fd) throw_errno(cat("opening ", path));
    return fd;
}

Pipe make_pipe(int flags) {
    int ends[2];
    if (::pipe2(ends, flags | O_CLOEXEC) != 0) throw_errno("making a pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

void write_all(const Fd& fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw_errno("writing");
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::string read_to_end(const Fd& fd, std::size_t limit) {
    std::string out;
    std::size_t filled = 0;
    struct stat info {};
    if (::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode))
        out.resize(std::min(static_cast<std::size_t>(info.st_size), limit) + 4096);  // the end is seen without growing
    for (;;) {
        if (out.size() == filled) out.resize(std::max(out.size() * 2, std::size_t{65536}));
        const ssize_t n = ::read(fd.get(), out.data() + filled, out.size() - filled);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw_errno("reading");
        if (n == 0) break;
        filled += static_cast<std::size_t>(n);
        if (filled > limit) throw base::Error(base::ErrorKind::invalid, cat("reading: more than ", limit, " bytes"));
    }
    out.resize(filled);
    return out;
}

}  // namespace tutti::os
