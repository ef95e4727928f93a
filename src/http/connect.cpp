#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "http/connection.h"

namespace tutti::http {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

os::Fd connect_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(ErrorKind::invalid, cat("the socket's path is too long: ", path),
                    "a Unix socket's path has at most 107 bytes");
    path.copy(address.sun_path, path.size());
    os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) throw_errno("making a socket");
    while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        if (errno != EINTR) throw_errno(cat("connecting to ", path));
    return fd;
}

// Returns errno.
static int connect_one(const os::Fd& fd, const addrinfo& address, const os::Cancel& cancel, os::Until until) {
    if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (os::wait(fd, POLLOUT, cancel, until) == os::Ready::timed_out) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

os::Fd connect_tcp(const std::string& host, std::uint16_t port, const os::Cancel& cancel, os::Until until) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    const std::string service = base::cat(port);
    if (const int error = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found); error != 0)
        throw Error(ErrorKind::unavailable, cat("looking up ", host, ": ", ::gai_strerror(error)),
                    "check the name and this machine's DNS");
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
    int last = ECONNREFUSED;
    for (const addrinfo* address = found; address; address = address->ai_next) {
        os::Fd fd(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd) {
            last = errno;
            continue;
        }
        last = connect_one(fd, *address, cancel, until);
        if (last != 0) continue;
        const int on = 1;
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return fd;
    }
    throw_errno(cat("connecting to ", host, ':', port), last);
}

}  // namespace tutti::http
