// Links, addresses and routes of one network namespace, through rtnetlink.
// Used by networks (bridges, veths, a container's interfaces) and their tests. Holds no state but its socket.
// Each call is one message to the kernel; errors name the link and carry the kernel's words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/ip.h"
#include "os/netlink.h"
#include "os/scope.h"

namespace tutti::os {

struct Link {
    int index = 0;
    std::string name, kind;  // kind: bridge, veth, macvlan; empty for a device
    MacAddress mac;
    std::uint32_t group = 0;  // ours carry one, to be found again
    int master = 0, mtu = 0;
    bool up = false;
};

struct LinkAddress {
    int link = 0;
    IpPrefix address;
};

struct Route {
    IpPrefix destination;  // length 0: the default route
    std::optional<IpAddress> gateway;
    int link = 0;
    std::uint32_t metric = 0;
    std::uint8_t table = 0;
};

struct BridgeSpec {
    std::string name;
    std::uint32_t group = 0;
    int mtu = 0;                    // 0: the kernel's
    std::optional<MacAddress> mac;  // nothing: random, and it stays when ports come and go
};

struct VethSpec {
    std::string name, peer_name;
    std::uint32_t group = 0;
    int master = 0, mtu = 0;
    MacAddress peer_mac;
    bool isolated = false;  // the bridge lets it talk only with the host
    bool hairpin = false;   // the bridge may send a frame back to where it came from
};

struct MacvlanSpec {
    std::string kind = "macvlan";  // or ipvlan
    std::string name;
    int parent = 0, mtu = 0;
    std::string mode = "bridge";  // macvlan: private, vepa, bridge, passthru; ipvlan: l2, l3, l3s
    std::optional<MacAddress> mac;
};

class Links {
  public:
    Links();  // of the calling thread's namespace
    explicit Links(const Fd& netns);

    std::vector<Link> list();
    std::optional<Link> find(const std::string& name);
    std::vector<LinkAddress> addresses();
    std::vector<Route> routes();  // unicast ones of all tables but "local"

    Link add_bridge(const BridgeSpec& spec);  // up; Error conflict if the name is taken
    // The peer is made inside `peer_netns` (moving it there later costs 18 ms) and is still down: the kernel refuses it
    // up.
    void add_veth(const VethSpec& spec, const Fd& peer_netns);
    void add_macvlan(const MacvlanSpec& spec,
                     const Fd& netns);  // made inside `netns`, down; unsupported where the kernel lacks it
    void remove(int index);             // gone already is fine
    void set_up(int index, bool up = true);
    void without_link_local(const std::string& name);  // the kernel gives it no fe80:: address by itself
    // The kernel notices a carrier a moment later (up to a second), and until then a bridge passes nothing on through
    // the link. Asking for the carrier makes it notice now.
    void settle(const std::string& name);
    void set_master(int index, int bridge);
    void rename(int index, const std::string& name);  // must be down

    void add_address(int index, const IpPrefix& address);     // there already is fine
    void remove_address(int index, const IpPrefix& address);  // gone already is fine
    // An IPv6 address is answered to only when a worker of the kernel has been there, and who asks before waits a
    // second. False if that has not come about by `until`.
    bool wait_for_address(const IpAddress& address, Clock::time_point until);
    // gateway absent: on the link itself. There already is fine.
    void add_route(int index, const IpPrefix& destination, const std::optional<IpAddress>& gateway);
    void remove_route(int index, const IpPrefix& destination, const std::optional<IpAddress>& gateway);

  private:
    void set_port(const VethSpec& spec);
    Netlink netlink_;
};

}  // namespace tutti::os
