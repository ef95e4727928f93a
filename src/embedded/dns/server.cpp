// The poll loop's side of the name server: clients' datagrams and connections.
#include "embedded/dns/server.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::dns {

using os::Clock;

namespace {

constexpr int kDatagramsAtOnce = 64;  // then the others have their turn
constexpr int kEventsAtOnce = 128;
constexpr std::size_t kMostConnections = 64;    // of one container
constexpr std::size_t kMostUnsent = 256 << 10;  // answers that a TCP client does not read
constexpr std::size_t kLargestMessage = 65535;
constexpr auto kIdleConnection = std::chrono::seconds(10);
constexpr auto kOutOfDescriptors = std::chrono::milliseconds(200);

std::uint64_t fresh_seed() {
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) != sizeof seed) base::throw_errno("drawing a random seed");
    return seed;
}

}  // namespace

std::string with_length(std::string_view message) {
    std::string framed{static_cast<char>(message.size() >> 8), static_cast<char>(message.size() & 0xff)};
    return framed.append(message);
}

// The first whole message of a TCP stream, taken out of `buffer`.
std::optional<std::string> take_message(std::string& buffer) {
    if (buffer.size() < 2) return std::nullopt;
    const std::size_t length =
        static_cast<std::size_t>(static_cast<unsigned char>(buffer[0])) << 8 | static_cast<unsigned char>(buffer[1]);
    if (buffer.size() < 2 + length) return std::nullopt;
    std::string message = buffer.substr(2, length);
    buffer.erase(0, 2 + length);
    return message;
}

Server::Server(Options options) : state_(std::make_unique<State>(options)) {}
Server::~Server() = default;
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;

Server::State::State(Options given) : options(given), random(given.seed != 0 ? given.seed : fresh_seed()) {
    epoll = os::Fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) base::throw_errno("making an epoll descriptor for names");
}

void Server::add(Client client) {
    remove(client.container);
    State& s = *state_;
    auto known = std::make_shared<Known>();
    known->client = std::move(client);
    std::map<std::string, std::string> links;
    for (const auto& [alias, name] : known->client.links) links[base::to_lower(alias)] = base::to_lower(name);
    known->client.links = std::move(links);
    s.set_zones(*known);
    if (known->client.udp) s.watch(known->client.udp.get(), EPOLLIN, {.kind = Socket::Kind::datagrams, .owner = known});
    if (known->client.tcp) s.watch(known->client.tcp.get(), EPOLLIN, {.kind = Socket::Kind::listener, .owner = known});
    s.clients[known->client.container] = std::move(known);
}

void Server::set_networks(const std::string& container, std::vector<std::string> networks) {
    const auto found = state_->clients.find(container);
    if (found == state_->clients.end()) return;
    found->second->client.networks = std::move(networks);
    state_->set_zones(*found->second);
}

void Server::remove(const std::string& container) {
    State& s = *state_;
    const auto found = s.clients.find(container);
    if (found == s.clients.end()) return;
    const auto known = found->second;
    s.clients.erase(found);
    std::vector<std::uint64_t> gone;
    for (const auto& [token, socket] : s.sockets)
        if (socket.owner == known) gone.push_back(token);
    for (const std::uint64_t token : gone) s.forget(token);
}

int Server::fd() const { return state_->epoll.get(); }

os::Until Server::next() const {
    if (state_->deadlines.empty()) return std::nullopt;
    return state_->deadlines.begin()->first;
}

void Server::serve() {
    State& s = *state_;
    epoll_event events[kEventsAtOnce];
    const int count = ::epoll_wait(s.epoll.get(), events, kEventsAtOnce, 0);
    for (int i = 0; i < count; ++i) s.ready(events[i].data.u64, events[i].events);
    const Clock::time_point now = Clock::now();
    while (!s.deadlines.empty() && s.deadlines.begin()->first <= now) s.expired(s.deadlines.begin()->second);
}

void Server::State::set_zones(Known& known) {
    known.zones.clear();
    for (const std::string& folder : known.client.networks) {
        std::weak_ptr<Zone>& shared = zones[folder];
        std::shared_ptr<Zone> zone = shared.lock();
        if (!zone) shared = zone = std::make_shared<Zone>(folder);
        known.zones.push_back(std::move(zone));
    }
    std::erase_if(zones, [](const auto& entry) { return entry.second.expired(); });
}

std::uint64_t Server::State::watch(int fd, std::uint32_t events, Socket socket) {
    const std::uint64_t token = next_token++;
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) base::throw_errno("watching a socket for names");
    sockets.emplace(token, std::move(socket));
    return token;
}

void Server::State::rearm(std::uint64_t token, const Socket& socket) {
    epoll_event event{};
    // A client that reads nothing is not read from.
    event.events = socket.out.empty() ? EPOLLIN : EPOLLOUT;
    event.data.u64 = token;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, socket.fd.get(), &event);
}

void Server::State::set_deadline(std::uint64_t token, Clock::time_point when) {
    Socket& socket = sockets.at(token);
    if (socket.deadline != Clock::time_point{}) deadlines.erase({socket.deadline, token});
    socket.deadline = when;
    deadlines.emplace(when, token);
}

void Server::State::forget(std::uint64_t token) {
    const auto found = sockets.find(token);
    if (found == sockets.end()) return;
    const Socket& socket = found->second;
    // Others hold copies of a client's two sockets: closing ours would not take them out of the epoll set.
    const int fd = socket.kind == Socket::Kind::datagrams  ? socket.owner->client.udp.get()
                   : socket.kind == Socket::Kind::listener ? socket.owner->client.tcp.get()
                                                           : socket.fd.get();
    ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
    if (socket.deadline != Clock::time_point{}) deadlines.erase({socket.deadline, token});
    if (socket.kind == Socket::Kind::connection) --socket.owner->connections;
    if (socket.kind == Socket::Kind::upstream) --forwarded;
    sockets.erase(found);
}

void Server::State::ready(std::uint64_t token, std::uint32_t events) {
    const auto found = sockets.find(token);
    if (found == sockets.end()) return;  // an event before this one ended it
    const std::shared_ptr<Known> owner = found->second.owner;
    switch (found->second.kind) {
        case Socket::Kind::datagrams: return read_datagrams(owner);
        case Socket::Kind::listener: return accept_connection(token, owner);
        case Socket::Kind::connection: return serve_connection(token, events);
        case Socket::Kind::upstream: return read_upstream(token, events);
    }
}

void Server::State::expired(std::uint64_t token) {
    Socket& socket = sockets.at(token);
    if (socket.kind == Socket::Kind::listener) {
        deadlines.erase({socket.deadline, token});
        socket.deadline = {};
        return listen_for(token, socket, EPOLLIN);
    }
    const bool upstream = socket.kind == Socket::Kind::upstream;
    Forwarded query = std::move(socket.query);
    forget(token);
    if (upstream) forward(std::move(query));
}

void Server::State::read_datagrams(const std::shared_ptr<Known>& known) {
    char buffer[4096];
    for (int i = 0; i < kDatagramsAtOnce; ++i) {
        os::SocketAddress from;
        from.size = sizeof from.storage;
        const ssize_t size =
            ::recvfrom(known->client.udp.get(), buffer, sizeof buffer, MSG_DONTWAIT, from.get(), &from.size);
        if (size < 0) return;
        answer({buffer, static_cast<std::size_t>(size)}, {known, 0, from});
    }
}

void Server::State::listen_for(std::uint64_t token, const Socket& listener, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, listener.owner->client.tcp.get(), &event);
}

void Server::State::accept_connection(std::uint64_t listener, const std::shared_ptr<Known>& known) {
    os::Fd fd(::accept4(known->client.tcp.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        // It would be ready again at once, for nothing: look away for a while.
        listen_for(listener, sockets.at(listener), 0);
        return set_deadline(listener, Clock::now() + kOutOfDescriptors);
    }
    if (!fd || known->connections >= kMostConnections) return;
    ++known->connections;
    const int raw = fd.get();
    const std::uint64_t token =
        watch(raw, EPOLLIN, {.kind = Socket::Kind::connection, .owner = known, .fd = std::move(fd)});
    set_deadline(token, Clock::now() + kIdleConnection);
}

bool Server::State::flush(Socket& socket) {
    while (!socket.out.empty()) {
        const ssize_t sent = ::send(socket.fd.get(), socket.out.data(), socket.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        socket.out.erase(0, static_cast<std::size_t>(sent));
    }
    return true;
}

bool Server::State::fill(Socket& socket) {
    char buffer[16384];
    const ssize_t size = ::recv(socket.fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    socket.in.append(buffer, static_cast<std::size_t>(size));
    return size != 0;
}

void Server::State::serve_connection(std::uint64_t token, std::uint32_t events) {
    Socket& socket = sockets.at(token);
    if ((events & EPOLLOUT) != 0) {
        if (!flush(socket)) return forget(token);
        return rearm(token, socket);
    }
    if (!fill(socket)) return forget(token);
    bool asked = false;
    while (auto message = take_message(sockets.at(token).in)) {
        if (!answer(*message, {sockets.at(token).owner, token, {}})) return forget(token);
        if (!sockets.contains(token)) return;  // it broke while it was answered
        asked = true;
    }
    // Only whole questions keep a connection open: a byte now and then does not.
    if (asked) set_deadline(token, Clock::now() + kIdleConnection);
}

void Server::State::reply(const Asker& asker, const std::string& message) {
    if (asker.connection == 0) {
        // A client whose buffer is full asks again.
        (void)::sendto(asker.known->client.udp.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                       asker.from.get(), asker.from.size);
        return;
    }
    const auto found = sockets.find(asker.connection);
    if (found == sockets.end()) return;
    Socket& socket = found->second;
    socket.out.append(with_length(message));
    if (!flush(socket) || socket.out.size() > kMostUnsent) return forget(asker.connection);
    if (!socket.out.empty()) rearm(asker.connection, socket);
}

void Server::State::refuse(const Asker& asker, const Query& query, Code code) {
    reply(asker, write_reply(query, code, {}, 512));
}

bool Server::State::answer(std::string_view packet, const Asker& asker) {
    const auto query = read_query(packet);
    if (!query) return false;
    if (query->opcode != 0) return refuse(asker, *query, Code::not_implemented), true;
    if (!query->well_formed) return refuse(asker, *query, Code::format_error), true;
    if (query->klass != 1) return refuse(asker, *query, Code::not_implemented), true;
    const Client& client = asker.known->client;
    for (const auto& zone : asker.known->zones) zone->refresh();
    if (const auto resolved = resolve(*query, {asker.known->zones, &client.links}, random)) {
        const std::size_t limit = asker.connection != 0 ? kLargestMessage : udp_limit(*query);
        reply(asker, write_reply(*query, Code::no_error, resolved->answers, limit));
        return true;
    }
    const bool address =
        query->type == static_cast<std::uint16_t>(Type::a) || query->type == static_cast<std::uint16_t>(Type::aaaa);
    // The client shall try its search domains next.
    if (address && !client.forwards_single_label && query->name.find('.') == query->name.npos)
        return refuse(asker, *query, Code::no_error), true;
    forward({.asker = asker, .query = *query, .packet = std::string(packet)});
    return true;
}

}  // namespace tutti::embedded::dns
