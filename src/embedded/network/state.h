// What Networks is made of, and the steps its operations share. Used by networks.cpp, attach.cpp and recover.cpp only.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/network/firewall.h"
#include "embedded/network/network.h"
#include "embedded/network/records.h"
#include "os/links.h"

namespace tutti::embedded::network {

using Guard = std::optional<os::FileLock>;

struct Networks::State {
    explicit State(Options given);

    // Several threads may start containers at once; the kernel takes such requests one by one anyway.
    std::mutex mutex;
    Options options;
    std::uint32_t
        tag;  // marks our links (their group) and our table, so that two state folders do not touch each other's
    Records records;
    os::Links links;
    Firewall firewall;

    Network require(std::string_view name_or_id) const;  // throws Error not_found

    // The bridge with its addresses, known to the firewall. Cheap if it is there. Returns its index.
    int ensure_bridge(const Network& network);
    void remove_bridge(const Network& network);
    void enable_forwarding(const Network& network);

    // Whoever calls these holds the shared lock as `guard`; it is given up where everything must be built anew.
    void add_pieces(const std::vector<FirewallPiece>& pieces, Guard& guard);
    void remove_pieces(const std::vector<FirewallPiece>& pieces, Guard& guard);
    void detach(const std::string& container, Guard& guard);
    void repair();
    void restore_bridge(const Network& network);
    void forget_flows(const Endpoint& endpoint);  // UDP knows no end: what came through its ports would still go to it
    std::vector<std::string> open_foreign_chains();
    std::vector<FirewallPiece> all_pieces() const;  // as the records say
    void rebuild_firewall();                        // under the exclusive lock
    void rebuild_firewall_alone(Guard& guard);      // takes it

    std::vector<Endpoint> endpoints_of(const std::string& container) const;  // in the order of the default-route rule
};

std::string random_id();  // 64 hex digits

// "PID STARTTIME": the same only for the same process.
std::string process_mark(int pid);  // empty: there is no such process

// Docker's rule for the default route: the first with a gateway wins, for each family by itself.
bool goes_before(const Endpoint& a, const Endpoint& b);

}  // namespace tutti::embedded::network
