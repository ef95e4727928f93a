// Questions that are not about our names go to the upstream servers, one after the other.
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/error.h"
#include "embedded/dns/server.h"
#include "os/netns.h"

namespace tutti::embedded::dns {

using os::Clock;

namespace {

constexpr std::size_t kMostForwarded = 1024;  // of all containers together
constexpr std::size_t kMostUpstreams = 3;

// A socket of its own for each question: an answer must hit its random port, too.
os::Fd connect_to(const Client& client, const os::SocketAddress& where, int type) {
    const auto open = [&] {
        os::Fd fd(::socket(where.storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (fd && ::connect(fd.get(), where.get(), where.size) != 0 && errno != EINPROGRESS) fd.reset();
        return fd;
    };
    if (!client.upstreams_from_inside) return open();
    const os::InNetns inside(client.netns);
    return open();
}

}  // namespace

void Server::State::forward(Forwarded query) {
    const Client& client = query.asker.known->client;
    // What an internal network asks never leaves by the host; from inside it gets as far as the network lets it.
    const bool may = client.forwards || client.upstreams_from_inside;
    if (forwarded >= kMostForwarded) return refuse(query.asker, query.query, Code::refused);
    while (may && query.upstream < std::min(client.upstreams.size(), kMostUpstreams))
        if (send_upstream(query)) return;
    refuse(query.asker, query.query, Code::server_failure);
}

// Asks query.upstream and moves on to the next; true if an answer may come.
bool Server::State::send_upstream(Forwarded& query) {
    const bool stream = query.asker.connection != 0;
    const os::SocketAddress where(query.asker.known->client.upstreams[query.upstream++], options.upstream_port);
    query.id = static_cast<std::uint16_t>(random());
    std::string packet = query.packet;
    set_id(packet, query.id);
    try {
        Socket socket{.kind = Socket::Kind::upstream, .owner = query.asker.known};
        socket.fd = connect_to(query.asker.known->client, where, stream ? SOCK_STREAM : SOCK_DGRAM);
        if (!socket.fd) return false;
        if (stream)
            socket.out = with_length(packet);
        else if (::send(socket.fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0)
            return false;
        socket.query = query;
        const int fd = socket.fd.get();
        const std::uint64_t token = watch(fd, stream ? EPOLLOUT : EPOLLIN, std::move(socket));
        ++forwarded;
        set_deadline(token, Clock::now() + std::chrono::milliseconds(options.upstream_timeout_ms));
        return true;
    } catch (const base::Error&) {
        // The container's namespace is gone, or we are out of descriptors: the question fails, the server does not.
        return false;
    }
}

void Server::State::read_upstream(std::uint64_t token, std::uint32_t events) {
    Socket& socket = sockets.at(token);
    bool alive = true, done = false;
    if (socket.query.asker.connection == 0) {
        char buffer[65535];
        const ssize_t size = ::recv(socket.fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (size >= 0) done = finish(token, {buffer, static_cast<std::size_t>(size)});
        alive = size >= 0 || errno == EAGAIN || errno == EINTR;
    } else if ((events & EPOLLOUT) != 0) {
        alive = flush(socket);
        if (alive) rearm(token, socket);
    } else {
        alive = fill(socket);
        if (auto message = take_message(socket.in)) done = finish(token, std::move(*message));
    }
    if (done || alive) return;
    Forwarded query = std::move(sockets.at(token).query);
    forget(token);
    forward(std::move(query));
}

// True when the question is off our hands (answered, or sent to the next server).
bool Server::State::finish(std::uint64_t token, std::string message) {
    const Forwarded& asked = sockets.at(token).query;
    const auto head = read_reply(message);
    if (!head || head->id != asked.id) return false;
    if (!head->question.empty() && !same_question(head->question, asked.query.question)) return false;
    const Code code = head->code;
    if (head->question.empty() && code == Code::no_error) return false;
    Forwarded query = std::move(sockets.at(token).query);
    forget(token);
    const bool another = query.upstream < std::min(query.asker.known->client.upstreams.size(), kMostUpstreams);
    if (another && (code == Code::server_failure || code == Code::refused)) {
        forward(std::move(query));
        return true;
    }
    set_id(message, query.query.id);
    reply(query.asker, message);
    return true;
}

}  // namespace tutti::embedded::dns
