#include "app/plugin.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "os/fd.h"

namespace tutti::app {

namespace {

// "@docker_cli_…" is an abstract address: a zero byte stands for the @.
os::Fd connect_to(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.empty() || name.size() >= sizeof address.sun_path) return {};
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    os::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
    return socket;
}

}  // namespace

PluginSocket::PluginSocket(const std::map<std::string, std::string>& environment, os::Scope& command) {
    const auto named = environment.find("DOCKER_CLI_PLUGIN_SOCKET");
    if (named == environment.end()) return;
    os::Fd socket = connect_to(named->second);
    if (!socket) return;
    const auto shared = std::make_shared<os::Fd>(std::move(socket));
    listening_.spawn([this, shared, &command] {
        try {
            char ignored[64];
            do os::wait(*shared, POLLIN, listening_.cancel());
            while (::read(shared->get(), ignored, sizeof ignored) > 0);
            command.cancel().cancel();
        } catch (const base::Cancelled&) {}  // the command is over
    });
}

PluginSocket::~PluginSocket() { listening_.cancel_and_join(); }

}  // namespace tutti::app
