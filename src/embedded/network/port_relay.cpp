#include "embedded/network/port_relay.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <map>
#include <set>
#include <unordered_map>

#include "base/error.h"

namespace tutti::embedded::network {

using os::Clock;

namespace {

constexpr int kEventsAtOnce = 128;
constexpr int kDatagramsAtOnce = 64;
constexpr std::size_t kBuffer = 64 << 10;       // of each direction of a connection
constexpr std::size_t kMostConnections = 4096;  // of one port
constexpr std::size_t kMostFlows = 4096;        // UDP clients of one port
constexpr auto kQuietFlow = std::chrono::seconds(60);
constexpr auto kOutOfDescriptors = std::chrono::milliseconds(200);

struct Port {
    std::string container;
    PublishedPort port;
    os::Fd socket;
    std::uint64_t token = 0;
    std::set<std::uint64_t> children;            // tokens of connections and flows
    std::map<std::string, std::uint64_t> flows;  // UDP: client's address → token
    Clock::time_point resting{};                 // not listened to until then
};

// One direction of a connection: what was read from one end and is not yet written to the other.
struct Direction {
    std::string bytes;
    bool ended = false;      // nothing more comes
    bool passed_on = false;  // and the other end knows
};

struct Connection {
    std::shared_ptr<Port> port;
    os::Fd client, container;
    Direction in, out;  // towards the container; towards the client
    bool connected = false;
    std::uint64_t client_token = 0, container_token = 0;
};

struct Flow {  // the datagrams of one client
    std::shared_ptr<Port> port;
    os::Fd container;
    os::SocketAddress client;
    std::uint64_t token = 0;
    Clock::time_point deadline{};
};

os::SocketAddress target_of(const PublishedPort& port) { return {port.container_ip, port.container_port}; }

os::Fd connect_to(const PublishedPort& port, int type) {
    const os::SocketAddress where = target_of(port);
    os::Fd fd(::socket(where.storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd && ::connect(fd.get(), where.get(), where.size) != 0 && errno != EINPROGRESS) fd.reset();
    return fd;
}

bool try_again() { return errno == EAGAIN || errno == EINTR; }

// Moves what can be moved; false if either end is broken.
bool move_bytes(Direction& direction, const os::Fd& from, const os::Fd& to) {
    if (!direction.ended && direction.bytes.size() < kBuffer) {
        const std::size_t old = direction.bytes.size();
        direction.bytes.resize(kBuffer);
        const ssize_t size = ::recv(from.get(), direction.bytes.data() + old, kBuffer - old, MSG_DONTWAIT);
        direction.bytes.resize(old + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        if (size < 0 && !try_again()) return false;
        direction.ended = size == 0;
    }
    while (!direction.bytes.empty()) {
        const ssize_t sent =
            ::send(to.get(), direction.bytes.data(), direction.bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) return try_again();
        direction.bytes.erase(0, static_cast<std::size_t>(sent));
    }
    if (direction.ended && !direction.passed_on) {
        direction.passed_on = true;
        ::shutdown(to.get(), SHUT_WR);
    }
    return true;
}

}  // namespace

struct PortRelay::State {
    os::Fd epoll;
    std::uint64_t next_token = 1;
    std::unordered_map<std::uint64_t, std::shared_ptr<Port>> ports;
    std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections;  // under both tokens
    std::unordered_map<std::uint64_t, std::shared_ptr<Flow>> flows;
    std::set<std::pair<Clock::time_point, std::uint64_t>> deadlines;

    std::uint64_t watch(int fd, std::uint32_t events) {
        const std::uint64_t token = next_token++;
        if (!control(EPOLL_CTL_ADD, fd, token, events)) base::throw_errno("watching a published port");
        return token;
    }
    bool control(int operation, int fd, std::uint64_t token, std::uint32_t events) const {
        epoll_event event{};
        event.events = events;
        event.data.u64 = token;
        return ::epoll_ctl(epoll.get(), operation, fd, &event) == 0;
    }

    void ready(std::uint64_t token, std::uint32_t events);
    void expired(Clock::time_point when, std::uint64_t token);
    void accept_connection(const std::shared_ptr<Port>& port);
    void serve(const std::shared_ptr<Connection>& connection, std::uint64_t token, std::uint32_t events);
    void rearm(const Connection& connection) const;
    void end(const Connection& connection, bool reset);
    void read_datagrams(const std::shared_ptr<Port>& port);
    std::shared_ptr<Flow> flow_of(const std::shared_ptr<Port>& port, const os::SocketAddress& client);
    void answer_client(Flow& flow);
    void touch(Flow& flow);
    void end(const Flow& flow);
    void end(const Port& port);
};

PortRelay::PortRelay() : state_(std::make_unique<State>()) {
    state_->epoll = os::Fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!state_->epoll) base::throw_errno("making an epoll descriptor for published ports");
}
PortRelay::~PortRelay() = default;
PortRelay::PortRelay(PortRelay&&) noexcept = default;
PortRelay& PortRelay::operator=(PortRelay&&) noexcept = default;

void PortRelay::add(const std::string& container, PortSocket socket) {
    const int flags = ::fcntl(socket.socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        base::throw_errno("taking over the socket of a published port");
    auto port = std::make_shared<Port>();
    port->container = container;
    port->port = socket.port;
    port->socket = std::move(socket.socket);
    port->token = state_->watch(port->socket.get(), EPOLLIN);
    state_->ports[port->token] = std::move(port);
}

void PortRelay::remove(const std::string& container) {
    std::vector<std::shared_ptr<Port>> gone;
    for (const auto& [token, port] : state_->ports)
        if (port->container == container) gone.push_back(port);
    for (const auto& port : gone) state_->end(*port);
}

int PortRelay::fd() const { return state_->epoll.get(); }

os::Until PortRelay::next() const {
    if (state_->deadlines.empty()) return std::nullopt;
    return state_->deadlines.begin()->first;
}

void PortRelay::serve() {
    State& s = *state_;
    epoll_event events[kEventsAtOnce];
    const int count = ::epoll_wait(s.epoll.get(), events, kEventsAtOnce, 0);
    for (int i = 0; i < count; ++i) s.ready(events[i].data.u64, events[i].events);
    const Clock::time_point now = Clock::now();
    while (!s.deadlines.empty() && s.deadlines.begin()->first <= now) {
        const auto [when, token] = *s.deadlines.begin();
        s.deadlines.erase(s.deadlines.begin());
        s.expired(when, token);
    }
}

void PortRelay::State::ready(std::uint64_t token, std::uint32_t events) {
    if (const auto found = connections.find(token); found != connections.end()) {
        const auto connection = found->second;
        return serve(connection, token, events);
    }
    if (const auto found = flows.find(token); found != flows.end()) {
        const auto flow = found->second;
        return answer_client(*flow);
    }
    const auto found = ports.find(token);
    if (found == ports.end()) return;  // an event before this one ended it
    const auto port = found->second;
    port->port.protocol == Protocol::tcp ? accept_connection(port) : read_datagrams(port);
}

void PortRelay::State::expired(Clock::time_point when, std::uint64_t token) {
    if (const auto found = flows.find(token); found != flows.end()) {
        const auto flow = found->second;
        if (flow->deadline == when) end(*flow);
    } else if (const auto port = ports.find(token); port != ports.end()) {
        control(EPOLL_CTL_MOD, port->second->socket.get(), token, EPOLLIN);
    }
}

void PortRelay::State::accept_connection(const std::shared_ptr<Port>& port) {
    os::Fd client(::accept4(port->socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        // It would be ready again at once, for nothing: look away for a while.
        control(EPOLL_CTL_MOD, port->socket.get(), port->token, 0);
        deadlines.emplace(Clock::now() + kOutOfDescriptors, port->token);
        return;
    }
    if (!client || port->children.size() >= kMostConnections) return;
    auto connection = std::make_shared<Connection>();
    connection->port = port;
    connection->client = std::move(client);
    connection->container = connect_to(port->port, SOCK_STREAM);
    if (!connection->container) return end(*connection, true);
    connection->client_token = watch(connection->client.get(), 0);
    connection->container_token = watch(connection->container.get(), EPOLLOUT);
    connections[connection->client_token] = connections[connection->container_token] = connection;
    port->children.insert(connection->client_token);
}

void PortRelay::State::serve(const std::shared_ptr<Connection>& connection, std::uint64_t token, std::uint32_t events) {
    Connection& c = *connection;
    if (!c.connected) {
        // Only the connection to the container is awaited; a client that hangs up meanwhile is seen then.
        if (token == c.client_token) return (events & (EPOLLERR | EPOLLHUP)) != 0 ? end(c, true) : void();
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(c.container.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) return end(c, true);
        c.connected = true;
    }
    if (!move_bytes(c.in, c.client, c.container) || !move_bytes(c.out, c.container, c.client)) return end(c, true);
    if (c.in.passed_on && c.out.passed_on) return end(c, false);
    rearm(c);
}

void PortRelay::State::rearm(const Connection& c) const {
    const auto set = [&](const os::Fd& fd, std::uint64_t token, const Direction& from, const Direction& to) {
        // An end that is through with both would be ready for ever.
        if (from.ended && to.passed_on) return control(EPOLL_CTL_DEL, fd.get(), token, 0);
        const bool read = !from.ended && from.bytes.size() < kBuffer;
        return control(EPOLL_CTL_MOD, fd.get(), token, (read ? EPOLLIN : 0U) | (to.bytes.empty() ? 0U : EPOLLOUT));
    };
    set(c.client, c.client_token, c.in, c.out);
    set(c.container, c.container_token, c.out, c.in);
}

void PortRelay::State::end(const Connection& connection, bool reset) {
    if (reset) {
        // The client shall see that this was no orderly end.
        const linger at_once{1, 0};
        setsockopt(connection.client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    connection.port->children.erase(connection.client_token);
    connections.erase(connection.container_token);
    connections.erase(connection.client_token);
}

std::shared_ptr<Flow> PortRelay::State::flow_of(const std::shared_ptr<Port>& port, const os::SocketAddress& client) {
    const std::string key(reinterpret_cast<const char*>(&client.storage), client.size);
    if (const auto found = port->flows.find(key); found != port->flows.end()) return flows.at(found->second);
    if (port->children.size() >= kMostFlows) return nullptr;
    auto flow = std::make_shared<Flow>();
    flow->port = port;
    flow->client = client;
    flow->container = connect_to(port->port, SOCK_DGRAM);
    if (!flow->container) return nullptr;
    flow->token = watch(flow->container.get(), EPOLLIN);
    flows[flow->token] = flow;
    port->flows[key] = flow->token;
    port->children.insert(flow->token);
    return flow;
}

void PortRelay::State::read_datagrams(const std::shared_ptr<Port>& port) {
    char buffer[65536];
    for (int i = 0; i < kDatagramsAtOnce; ++i) {
        os::SocketAddress client;
        client.size = sizeof client.storage;
        const ssize_t size =
            ::recvfrom(port->socket.get(), buffer, sizeof buffer, MSG_DONTWAIT, client.get(), &client.size);
        if (size < 0) return;
        const auto flow = flow_of(port, client);
        if (flow == nullptr) continue;  // a datagram may be lost
        touch(*flow);
        (void)::send(flow->container.get(), buffer, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

void PortRelay::State::answer_client(Flow& flow) {
    char buffer[65536];
    for (int i = 0; i < kDatagramsAtOnce; ++i) {
        const ssize_t size = ::recv(flow.container.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (size < 0 && try_again()) return;
        if (size < 0) return end(flow);  // nobody listens in the container
        touch(flow);
        (void)::sendto(flow.port->socket.get(), buffer, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL,
                       flow.client.get(), flow.client.size);
    }
}

void PortRelay::State::touch(Flow& flow) {
    deadlines.erase({flow.deadline, flow.token});
    flow.deadline = Clock::now() + kQuietFlow;
    deadlines.emplace(flow.deadline, flow.token);
}

void PortRelay::State::end(const Flow& flow) {
    deadlines.erase({flow.deadline, flow.token});
    flow.port->flows.erase(std::string(reinterpret_cast<const char*>(&flow.client.storage), flow.client.size));
    flow.port->children.erase(flow.token);
    flows.erase(flow.token);
}

void PortRelay::State::end(const Port& port) {
    const std::set<std::uint64_t> children = port.children;
    for (const std::uint64_t token : children) {
        if (const auto found = connections.find(token); found != connections.end()) {
            const auto connection = found->second;
            end(*connection, true);
        } else if (const auto flow = flows.find(token); flow != flows.end()) {
            const auto kept = flow->second;
            end(*kept);
        }
    }
    // Others hold copies of the socket: closing ours would not take it out of the epoll set.
    control(EPOLL_CTL_DEL, port.socket.get(), port.token, 0);
    ports.erase(port.token);
}

}  // namespace tutti::embedded::network
