// What the name server keeps: its clients, their connections, the questions on their way upstream.
// Used by server.cpp and forward.cpp only.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <unordered_map>

#include "embedded/dns/dns.h"
#include "embedded/dns/resolve.h"

namespace tutti::embedded::dns {

struct Known {  // a client with its zones
    Client client;
    std::vector<std::shared_ptr<Zone>> zones;
    std::size_t connections = 0;
};

struct Asker {  // whom an answer goes to
    std::shared_ptr<Known> known;
    std::uint64_t connection = 0;  // its token; 0: a datagram
    os::SocketAddress from;        // of a datagram
};

struct Forwarded {
    Asker asker;
    Query query;
    std::string packet;        // as it was sent
    std::size_t upstream = 0;  // the next to ask
    std::uint16_t id = 0;      // that we gave it
};

struct Socket {
    enum class Kind { datagrams, listener, connection, upstream };

    Kind kind;
    std::shared_ptr<Known> owner;
    os::Fd fd;  // of connections and upstreams; the other two belong to the client
    os::Clock::time_point deadline{};
    std::string in, out;  // of streams: not yet whole, not yet sent
    Forwarded query;      // of upstreams
};

struct Server::State {
    explicit State(Options given);

    Options options;
    std::mt19937_64 random;
    os::Fd epoll;
    std::map<std::string, std::shared_ptr<Known>> clients;
    std::map<std::string, std::weak_ptr<Zone>> zones;  // by folder
    std::unordered_map<std::uint64_t, Socket> sockets;
    std::set<std::pair<os::Clock::time_point, std::uint64_t>> deadlines;
    std::uint64_t next_token = 1;
    std::size_t forwarded = 0;

    void set_zones(Known& known);
    std::uint64_t watch(int fd, std::uint32_t events, Socket socket);
    void rearm(std::uint64_t token, const Socket& socket);
    void set_deadline(std::uint64_t token, os::Clock::time_point when);
    void forget(std::uint64_t token);
    void ready(std::uint64_t token, std::uint32_t events);
    void expired(std::uint64_t token);

    void read_datagrams(const std::shared_ptr<Known>& known);
    void listen_for(std::uint64_t token, const Socket& listener, std::uint32_t events);
    void accept_connection(std::uint64_t listener, const std::shared_ptr<Known>& known);
    void serve_connection(std::uint64_t token, std::uint32_t events);
    bool flush(Socket& socket);  // false: the stream is broken
    bool fill(Socket& socket);   // false: it is at its end

    bool answer(std::string_view packet, const Asker& asker);  // false: that was no question
    void reply(const Asker& asker, const std::string& message);
    void refuse(const Asker& asker, const Query& query, Code code);

    void forward(Forwarded query);  // to the next upstream, or server_failure if there is none
    bool send_upstream(Forwarded& query);
    void read_upstream(std::uint64_t token, std::uint32_t events);
    bool finish(std::uint64_t token, std::string message);  // false: no answer to our question
};

std::string with_length(std::string_view message);
std::optional<std::string> take_message(std::string& buffer);

}  // namespace tutti::embedded::dns
