#include "cli/archive_in.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

namespace tutti::cli {

std::function<std::string()> archive_in(const std::string& path, const Session& session) {
    const auto fd = std::make_shared<os::Fd>(path == "-" ? os::Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3))
                                                         : os::open(session.place(path), O_RDONLY));
    return [fd] {
        constexpr std::size_t piece = 256 * 1024;
        std::string bytes(piece, '\0');
        ssize_t got = 0;
        while ((got = ::read(fd->get(), bytes.data(), bytes.size())) < 0 && errno == EINTR) {}
        if (got < 0) base::throw_errno("reading the archive");
        bytes.resize(static_cast<std::size_t>(got));
        return bytes;
    };
}

}  // namespace tutti::cli
