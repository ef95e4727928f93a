// Our nftables table: who may talk to whom, which port leads where, who leaves under the host's address.
// One table per state folder, fixed rules over sets and maps; a network or a port is only elements (a transaction of
// µs). Used by networks.cpp and recover.cpp. Reads no record.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "embedded/network/network.h"
#include "embedded/network/nft.h"
#include "os/netlink.h"

namespace tutti::embedded::network {

struct FirewallPiece {  // an element and where it belongs
    std::string_view set;
    nft::Element element;
};
std::vector<FirewallPiece> pieces_of(const Network& network);
std::vector<FirewallPiece> pieces_of(const PublishedPort& port);  // none where nft cannot do it (different families)

class Firewall {
  public:
    explicit Firewall(std::uint32_t tag);  // in the calling thread's network namespace

    const std::string& table() const { return table_; }
    bool is_whole();  // the table is there, of this version, with all its rules
    // Both return false if the table is not as it should be: rebuild() is then the cure.
    bool add(const std::vector<FirewallPiece>& pieces);
    bool remove(const std::vector<FirewallPiece>& pieces);
    void rebuild(const std::vector<FirewallPiece>& pieces);  // in one transaction
    void drop_table();

    // Other firewalls of this host drop what they do not know (dockerd's FORWARD chain). Where they have a place for it
    // (DOCKER-USER, or iptables' FORWARD itself), exactly `bridges` are let through. Returns chains that drop and have
    // none.
    std::vector<std::string> open_foreign_chains(const std::vector<std::string>& bridges);

    // Ends the flows that conntrack still sends to a container that is gone, or past a port that is new (UDP knows no
    // end).
    void forget_flows(const os::IpAddress& container);

  private:
    std::string table_;
    os::Netlink netlink_;
};

}  // namespace tutti::embedded::network
