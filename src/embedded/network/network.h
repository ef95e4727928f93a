// Container networks: records, subnets, bridges, endpoints in a container's network namespace, published ports, nft
// rules. Used by the engine's networks face, by the start of a container and by the supervisor (repair, recover).
// Answers no name (see dns/) and knows no container beyond its id and names. Facts on the rules: README.md of this
// folder.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/network/endpoint.h"
#include "os/fd.h"
#include "os/ip.h"

namespace tutti::embedded::network {

struct Pool {  // subnets of `length` are cut out of `base`, in order
    os::IpPrefix base;
    int length = 16;
};
std::vector<Pool> default_pools();  // Docker's: 172.17/16 … 172.31/16, then 192.168/16 in /20s

struct Options {
    std::string folder;      // <root>/networks (records.h says what is in it)
    std::string run_folder;  // for what lives no longer than the boot; empty: `folder`
    std::vector<Pool> pools = default_pools();
    std::vector<os::IpPrefix> avoid;  // never cut out of the pools, for instance the host's name servers
    // Takes away a link of ours that nobody names again, without anybody waiting for the kernel (a bridge takes it as
    // long as ten starts). Empty: it is waited for.
    std::function<void(const std::string& link)> remove_aside;
    bool firewall = true;  // false: no nft rule at all (the caller says why): no published ports, no way out
};

struct SubnetSpec {
    std::optional<os::IpPrefix> subnet;              // nothing: from the pools (IPv6: a ULA /64 from the network's id)
    std::optional<os::IpPrefix> ip_range;            // dynamic addresses come from here
    std::optional<os::IpAddress> gateway;            // nothing: the first address of the subnet
    std::map<std::string, os::IpAddress> auxiliary;  // names and addresses that are never given out
    bool operator==(const SubnetSpec&) const = default;
};

struct NetworkSpec {
    std::string name;
    std::string driver = "bridge";  // bridge, macvlan, ipvlan
    bool internal = false;
    bool ipv4 = true;
    bool ipv6 = false;
    bool attachable = false;
    std::string ipam_driver;  // "" and "default" only
    std::vector<SubnetSpec> subnets;
    // com.docker.network.{bridge.name, bridge.enable_icc, bridge.enable_ip_masquerade, bridge.host_binding_ipv4,
    // driver.mtu, container_iface_prefix}, parent, macvlan_mode, ipvlan_mode; others are refused (options.h).
    std::map<std::string, std::string> options;
    std::map<std::string, std::string> labels;
    std::string created;  // RFC 3339, given by the caller
};

struct Network {               // what is on disk, complete
    std::string id;            // 64 hex digits
    NetworkSpec spec;          // subnets filled in, at most one of each family
    std::string bridge;        // name of the bridge; empty for macvlan and ipvlan
    std::string names_folder;  // the name records of its endpoints, for dns::Client::networks

    const SubnetSpec* subnet_of(int family) const;
};

// The box's network namespace with what lives in it as long as the container: `netns` to be joined by the runtime
// (by descriptor or as /proc/PID/fd/N), and the sockets of 127.0.0.11:53 for the shim to keep and dns::Server to serve.
struct Sandbox {
    os::Fd netns, dns_udp, dns_tcp;
};
enum class Names {
    served,             // on 127.0.0.11:53
    beside_own_server,  // the same, but port 53 stays free for the container's own name server (it exposes port 53)
    none,               // the DNS sockets stay empty (network_mode none)
};
Sandbox make_sandbox(Names names = Names::served);

class Networks {  // may be used by several threads
  public:
    explicit Networks(Options options);
    ~Networks();
    Networks(Networks&&) noexcept;
    Networks& operator=(Networks&&) noexcept;

    // Records and the bridge. Errors: invalid (what the spec says), conflict (name, subnet, bridge), unsupported
    // (driver, option).
    Network create(NetworkSpec spec);
    std::optional<Network> find(std::string_view name_or_id) const;  // whole name, whole id, or a prefix of one id
    std::vector<Network> list() const;
    std::vector<Endpoint> endpoints(std::string_view name_or_id) const;  // of running containers, for inspect
    void remove(std::string_view name_or_id);                            // conflict while endpoints are there

    // All endpoints and ports of a starting container at once. After an error nothing of it is left.
    Attached attach(const os::Fd& netns, const AttachSpec& spec);
    Endpoint connect(const os::Fd& netns, const std::string& container, const ContainerNames& names,
                     const EndpointSpec& spec);  // one more, while it runs
    void disconnect(const os::Fd& netns, const std::string& container, std::string_view network);
    // The container ended: frees addresses, ports and names. Its links go with the namespace. Unknown containers are
    // fine.
    void detach(const std::string& container);
    std::vector<Endpoint> endpoints_of(const std::string& container) const;

    // After a crash or a reboot: endpoints of containers that `is_alive` denies are dropped, and bridges, veths,
    // addresses and nft elements that no record names; what records name and is missing is made.
    void recover(const std::function<bool(const std::string& container)>& is_alive);
    void repair();  // the nft rules and bridges as the records say, in one transaction (after a flush by somebody else)

    // Chains of other firewalls that drop what they do not know and have no place for us: for the user, who must open
    // them. (dockerd's and iptables' own are opened by us, here and whenever networks change.)
    std::vector<std::string> closed_by_others();

    // Readable whenever somebody changed nft rules; then call repair_if_damaged (cheap if all is well). For poll loops.
    os::Fd watch_firewall() const;
    bool repair_if_damaged(const os::Fd& watch);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tutti::embedded::network
