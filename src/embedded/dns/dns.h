// The name server of a project's containers, on 127.0.0.11:53 inside each of them (the sockets come from
// network::Sandbox). Used by the supervisor inside its poll loop: fd() is readable when serve() has something to do.
// Starts no thread. Knows names only from the records on disk, one folder per network (written by network/), so
// projects may share networks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "os/fd.h"
#include "os/ip.h"
#include "os/scope.h"

namespace tutti::embedded::dns {

struct Client {             // a container that asks
    std::string container;  // id
    os::Fd udp, tcp;        // bound to 127.0.0.11:53 in its namespace, tcp listening; copies of what the shim keeps
    os::Fd netns;           // needed when `upstreams` are asked from inside the container (dns: of the user)
    std::vector<std::string> networks;         // names_folder of its networks, in the order of Attached::endpoints
    std::map<std::string, std::string> links;  // alias → name, for this container alone (links:)
    std::vector<os::IpAddress> upstreams;      // whom to ask for other names, at most three are used; empty: nobody
    bool upstreams_from_inside = false;  // true: dns: of the user; false: the host's own resolvers, asked from the host
    bool forwards = true;                // false: internal networks only; other names get SERVFAIL without being sent
    bool forwards_single_label = true;   // false when the user set ndots: a bare name is then never sent on
};

struct Options {
    std::uint64_t seed = 0;  // for the order of answers and the ids sent upstream; 0: from the kernel
    int upstream_timeout_ms = 4000;
    std::uint16_t upstream_port = 53;
};

class Server {
  public:
    explicit Server(Options options = {});
    ~Server();
    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;

    void add(Client client);  // replaces a client of the same container (after connect, with new networks)
    void set_networks(const std::string& container, std::vector<std::string> networks);
    void remove(const std::string& container);

    int fd() const;          // an epoll descriptor
    os::Until next() const;  // when serve() wants to be called even if fd() is silent (an upstream's timeout)
    void serve();            // never blocks, never throws for what a client or an upstream sends

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tutti::embedded::dns
