#include "docker/client/connect.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "http/connection.h"
#include "os/process.h"

namespace tutti::docker::client {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::uint64_t plain_port = 2375, tls_port = 2376;

os::Fd connect_tcp(const Options& options, std::string_view address, http::TlsTunnels& tunnels,
                   const os::Cancel& cancel) {
    address = address.substr(0, address.find('/'));
    const bool ported = !address.ends_with(']') && address.find(':') != std::string_view::npos;
    const auto colon = ported ? address.rfind(':') : std::string_view::npos;
    std::string host(address.substr(0, colon));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) host = "localhost";
    std::uint64_t port = options.tls ? tls_port : plain_port;
    if (ported) {
        const auto given = base::to_uint(address.substr(colon + 1));
        if (!given || *given == 0 || *given > 65535)
            throw Error(ErrorKind::invalid, cat("'", options.host, "' has no valid port"));
        port = *given;
    }
    const os::Until until = os::Clock::now() + std::chrono::seconds(15);
    os::Fd socket = http::connect_tcp(host, static_cast<std::uint16_t>(port), cancel, until);
    if (!options.tls) return socket;
    return tunnels.open(std::move(socket), host, *options.tls, cancel, until);
}

// `ssh HOST docker system dial-stdio`, its standard streams being one end of a socket pair; it ends when we close ours.
os::Fd connect_ssh(const Options& options, std::string_view address) {
    std::vector<std::string> words{"ssh", "-o", "ConnectTimeout=30", "-T"};
    std::string_view user;
    address = address.substr(0, address.find('/'));
    if (const auto at = address.find('@'); at != std::string_view::npos) {
        user = address.substr(0, at);
        address.remove_prefix(at + 1);
        words.insert(words.end(), {"-l", std::string(user)});
    }
    if (const auto colon = address.rfind(':'); colon != std::string_view::npos) {
        words.insert(words.end(), {"-p", std::string(address.substr(colon + 1))});
        address = address.substr(0, colon);
    }
    if (address.empty() || address.starts_with('-'))
        throw Error(ErrorKind::invalid, cat("'", options.host, "' names no host"));
    words.insert(words.end(), {"--", std::string(address), "docker", "system", "dial-stdio"});

    const auto path = options.environment.find("PATH");
    const auto program = os::find_program(path == options.environment.end() ? "/usr/bin:/bin" : path->second, "ssh");
    if (!program)
        throw Error(ErrorKind::unsupported, cat("reaching ", options.host, " needs the ssh program"),
                    "install it: apt-get install openssh-client");
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) base::throw_errno("making a socket pair");
    os::Fd ours(ends[0]);
    const os::Fd theirs(ends[1]);
    os::Command command{.argv = std::move(words), .program = *program};
    for (const auto& [key, value] : options.environment) command.env.push_back(cat(key, '=', value));
    command.fds = {{theirs.get(), 0}, {theirs.get(), 1}, {STDERR_FILENO, 2}};
    os::spawn_orphan(command);
    return ours;
}

}  // namespace

void cannot_connect(const Options& options, const Error& cause) {
    if (cause.kind() == ErrorKind::denied)
        throw Error(ErrorKind::denied,
                    cat("permission denied while trying to connect to the Docker daemon socket at ", options.host),
                    "join the group that owns the socket, or run as root", cause.errno_value());
    throw Error(cause.kind() == ErrorKind::timeout ? ErrorKind::timeout : ErrorKind::unavailable,
                cat("Cannot connect to the Docker daemon at ", options.host, ". Is the docker daemon running? (",
                    cause.message(), ')'),
                "start it, choose another with DOCKER_HOST or --context, or use tutti's own engine: --engine embedded",
                cause.errno_value());
}

os::Fd open_connection(const Options& options, http::TlsTunnels& tunnels, const os::Cancel& cancel) {
    const std::string_view host = options.host;
    try {
        if (host.starts_with("unix://")) return http::connect_unix(std::string(host.substr(7)));
        if (host.starts_with("ssh://")) return connect_ssh(options, host.substr(6));
        if (host.starts_with("tcp://") || host.starts_with("http://") || host.starts_with("https://"))
            return connect_tcp(options, host.substr(host.find("//") + 2), tunnels, cancel);
    } catch (const Error& error) {  // said in the words that users and scripts know
        if (error.kind() == ErrorKind::invalid || error.kind() == ErrorKind::unsupported) throw;
        cannot_connect(options, error);
    }
    throw Error(ErrorKind::invalid, cat("'", options.host, "' is no address of an engine"),
                "use unix:///path, tcp://host:port or ssh://user@host");
}

}  // namespace tutti::docker::client
