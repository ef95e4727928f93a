// The place of one container on one network, and its published ports: what is asked for, what came out.
// Values only; network.h makes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/fd.h"
#include "os/ip.h"

namespace tutti::embedded::network {

struct EndpointSpec {
    std::string network;               // name or id
    std::vector<std::string> aliases;  // names on this network besides those in ContainerNames
    std::optional<os::IpAddress> ipv4, ipv6;
    std::vector<os::IpAddress> link_local;  // further addresses, /16 (IPv4) or /64
    std::optional<os::MacAddress> mac;
    std::string interface_name;                      // empty: eth0, eth1, … in the order of the default-route rule
    int gw_priority = 0;                             // highest wins the default route, then the network's name decides
    std::map<std::string, std::string> driver_opts;  // com.docker.network.endpoint.{sysctls, ifname}
};

// Names by which others find the container on each of its networks.
struct ContainerNames {
    std::string name, hostname, domainname;  // the short id is added by itself
};

enum class Protocol : std::uint8_t { tcp, udp };
std::string_view to_text(Protocol protocol);

struct PortSpec {
    Protocol protocol = Protocol::tcp;
    std::uint16_t container_port = 0;
    std::optional<os::IpAddress> host_ip;         // nothing: every address of both families
    std::uint16_t host_first = 0, host_last = 0;  // 0: any free one; first < last: the first free one of the range
};

struct PublishedPort {
    Protocol protocol = Protocol::tcp;
    std::uint16_t container_port = 0;
    os::IpAddress host_ip;
    std::uint16_t host_port = 0;
    os::IpAddress container_ip;
    bool operator==(const PublishedPort&) const = default;
};

// The bound (TCP: listening) socket that reserves a host port. The shim keeps it; port_relay.h serves what arrives on
// it, which is what nft cannot translate: IPv6 clients of an IPv4 container, and everything while the rules are away.
struct PortSocket {
    PublishedPort port;
    os::Fd socket;
};

struct Endpoint {
    std::string container, network, network_name;  // ids and the network's name
    std::string id;                                // 64 hex digits
    std::string interface;                         // in the container: eth0
    std::string host_interface;                    // the other end; empty for macvlan and ipvlan
    os::MacAddress mac;
    std::optional<os::IpPrefix> ipv4, ipv6;  // with the length of the subnet
    std::optional<os::IpAddress> gateway_v4, gateway_v6;
    std::vector<os::IpAddress> link_local;
    std::vector<std::string> names;  // the first is the container's name, as PTR says it
    int gw_priority = 0;
    bool internal = false;
    std::vector<PublishedPort> ports;  // those that this endpoint serves
    std::string attacher;              // the process that made it and when that began: recover() leaves its work alone
};

struct AttachSpec {
    std::string container;  // id, 64 hex digits
    ContainerNames names;
    std::vector<EndpointSpec> endpoints;
    std::vector<PortSpec> ports;
};

struct Attached {
    std::vector<Endpoint> endpoints;  // in the order of the default-route rule: DNS asks the networks in this order
    std::vector<PortSocket> sockets;
    std::vector<std::string> notes;  // for the user: "port 80 is not published: network db is internal"
};

}  // namespace tutti::embedded::network
