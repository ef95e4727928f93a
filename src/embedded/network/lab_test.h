// A machine for tests: a network namespace that plays the host, one that plays a neighbour on its LAN, and sockets
// anywhere. Everything happens inside namespaces of the test; the real host is never touched.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "embedded/network/network.h"
#include "embedded/network/port_relay.h"
#include "os/file.h"
#include "os/links.h"
#include "os/netns.h"

namespace tutti::embedded::network::lab {

using namespace std::chrono_literals;

// Waits until `fd` is readable, at most `time`; serves the relay meanwhile.
bool readable(const os::Fd& fd, std::chrono::milliseconds time, PortRelay* relay = nullptr);

// A TCP server that answers one line: the address of who asks.
class TcpServer {
  public:
    TcpServer(const os::Fd& netns, const std::string& address, std::uint16_t port);
    // Answers one connection; nothing if none comes in time.
    std::optional<os::IpAddress> serve(std::chrono::milliseconds time = 2s, PortRelay* relay = nullptr);

  private:
    os::Fd listener_;
};

// Connects from inside a namespace and reads what the server says. `server` serves in between. Empty: no connection.
// The server's view of the client's address, or nothing if no connection came about.
std::optional<os::IpAddress> ask_tcp(const os::Fd& from, const std::string& address, std::uint16_t port,
                                     TcpServer& server, std::chrono::milliseconds time = 2s,
                                     PortRelay* relay = nullptr);

// Sends a datagram from `from` and answers it at `server`; the address the answer came from, or nothing.
os::Fd udp_server(const os::Fd& netns, const std::string& address, std::uint16_t port);
struct UdpResult {
    os::IpAddress client_as_seen, answer_from;
};
std::optional<UdpResult> ask_udp(const os::Fd& from, const std::string& address, std::uint16_t port,
                                 const os::Fd& server, std::chrono::milliseconds time = 2s, PortRelay* relay = nullptr);

class Machine {
  public:
    // host: eth0 10.9.0.1/24 and fd09::1/64; lan: eth0 10.9.0.2/24 and fd09::2/64, and no loopback (so that it can
    // send to 127.0.0.1 of others)
    Machine();
    Networks networks() const;

    os::TempFolder folder;
    os::Fd home, host, lan;

  private:
    std::optional<os::InNetns> inside_;  // the test's thread is in `host`

  public:
    std::vector<std::string> inventory() const;  // links, addresses, routes, nft chains of the host, sorted
    void wait_for_links_to_go() const;           // a namespace's end is noticed a little later
};

std::string container_id(char digit);  // 64 times the digit

struct Box {  // a container: a namespace and its endpoints
    Sandbox sandbox;
    Attached attached;
    std::string id;

    std::string address(std::size_t endpoint = 0) const;
    std::string address6(std::size_t endpoint = 0) const;
};
Box start_on(Networks& networks, char digit, std::vector<EndpointSpec> on, std::vector<PortSpec> ports = {});
Box start(Networks& networks, char digit, const std::vector<std::string>& on, std::vector<PortSpec> ports = {});
NetworkSpec named(std::string name);
NetworkSpec dual(std::string name);  // with IPv6

// The relay that the supervisor runs, for all ports of a box.
PortRelay relay_of(Box& box);
// Interface of the default route of a family inside a namespace; empty: none.
std::string default_route(const os::Fd& netns, int family = AF_INET);

}  // namespace tutti::embedded::network::lab
