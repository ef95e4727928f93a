#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "embedded/images/test_registry.h"
#include "http/connection.h"

namespace tutti::embedded::images {

using base::cat;

static int free_port() {
    const os::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        base::throw_errno("looking for a free port");
    return ntohs(address.sin_port);
}

TestRegistry::TestRegistry() : folder_("/tmp", "tutti-registry-") {
    const int port = free_port();
    host_ = cat("127.0.0.1:", port);
    const std::string config = cat(folder_.path(), "/config.yml");
    os::write_file(
        config,
        cat("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage:\n  filesystem: {rootdirectory: ",
            folder_.path(), "/data}\n  delete: {enabled: true}\nhttp: {addr: \"", host_, "\"}\n"));
    const char* arguments[] = {"docker-registry", "serve", config.c_str(), nullptr};
    const char* environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "OTEL_TRACES_EXPORTER=none", nullptr};
    if (const int error = ::posix_spawnp(&pid_, "docker-registry", nullptr, nullptr, const_cast<char**>(arguments),
                                         const_cast<char**>(environment)))
        throw base::Error(base::ErrorKind::unsupported,
                          cat("docker-registry cannot be started: ", std::strerror(error)),
                          "apt-get install docker-registry");
    const os::Cancel cancel;
    for (int attempt = 0; attempt < 400; ++attempt) {
        try {
            http::connect_tcp("127.0.0.1", static_cast<std::uint16_t>(port), cancel);
            return;
        } catch (const base::Error&) {  // not listening yet
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) break;
            os::wait(os::Fd(), 0, cancel, os::Clock::now() + std::chrono::milliseconds(25));
        }
    }
    throw base::Error(base::ErrorKind::unavailable, "docker-registry did not begin to listen");
}

TestRegistry::~TestRegistry() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

}  // namespace tutti::embedded::images
