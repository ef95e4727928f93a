#include "docker/client/connect.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "http/connection.h"

namespace tutti::docker::client {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

[[noreturn]] void cannot_connect(const std::string& host, const Error& cause) {
    if (cause.kind() == ErrorKind::denied)
        throw Error(ErrorKind::denied,
                    cat("permission denied while trying to connect to the Docker daemon socket at ", host),
                    "join the group that owns the socket, or run as root", cause.errno_value());
    throw Error(
        ErrorKind::unavailable,
        cat("Cannot connect to the Docker daemon at ", host, ". Is the docker daemon running? (", cause.message(), ')'),
        "start it, choose another with DOCKER_HOST or --context, or use tutti's own engine: --engine embedded",
        cause.errno_value());
}

os::Fd connect_tcp(const Options& options, std::string_view address, const os::Cancel& cancel) {
    const auto slash = address.find('/');
    address = address.substr(0, slash);
    const auto colon = address.rfind(':');
    std::string host(address.substr(0, colon));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::uint64_t port = 2375;
    if (colon != std::string_view::npos && !address.ends_with(']')) {
        const auto given = base::to_uint(address.substr(colon + 1));
        if (!given || *given == 0 || *given > 65535)
            throw Error(ErrorKind::invalid, cat("'", options.host, "' has no valid port"));
        port = *given;
    }
    return http::connect_tcp(host, static_cast<std::uint16_t>(port), cancel,
                             os::Clock::now() + std::chrono::seconds(15));
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

    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) base::throw_errno("making a socket pair");
    os::Fd ours(ends[0]);
    const os::Fd theirs(ends[1]);
    std::vector<char*> argv, env;
    std::vector<std::string> variables;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    for (const auto& [key, value] : options.environment) variables.push_back(cat(key, '=', value));
    for (auto& variable : variables) env.push_back(variable.data());
    env.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 0);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 1);
    pid_t pid = 0;
    const int failed = ::posix_spawnp(&pid, "ssh", &actions, nullptr, argv.data(), env.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) base::throw_errno("starting ssh", failed);
    return ours;
}

}  // namespace

os::Fd open_connection(const Options& options, const os::Cancel& cancel) {
    const std::string_view host = options.host;
    try {
        if (host.starts_with("unix://")) return http::connect_unix(std::string(host.substr(7)));
        if (host.starts_with("ssh://")) return connect_ssh(options, host.substr(6));
        if (host.starts_with("tcp://") || host.starts_with("http://")) {
            if (!options.certificate.empty() || !options.ca_file.empty())
                throw Error(ErrorKind::unsupported, cat("TLS to an engine (", options.host, ") is not supported"),
                            "reach it by ssh://user@host instead");
            return connect_tcp(options, host.substr(host.find("//") + 2), cancel);
        }
    } catch (const Error& error) {  // said in the words that users and scripts know
        if (error.kind() == ErrorKind::invalid || error.kind() == ErrorKind::unsupported) throw;
        cannot_connect(options.host, error);
    }
    throw Error(ErrorKind::invalid, cat("'", options.host, "' is no address of an engine"),
                "use unix:///path, tcp://host:port or ssh://user@host");
}

}  // namespace tutti::docker::client
