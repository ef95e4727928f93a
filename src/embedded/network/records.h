// Networks and endpoints on disk, and which address belongs to whom. Small files that `cat` and `ls -l` explain:
//   FOLDER/names/NAME → ../ID, FOLDER/ID/network.json
//   RUN/ID/endpoints/CONTAINER.json, RUN/ID/addresses/IP → CONTAINER, RUN/boot: these live no longer than the boot
// Used by networks.cpp and recover.cpp. Touches no link and no rule.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "embedded/network/network.h"
#include "os/file.h"

namespace tutti::embedded::network {

doc::Node to_node(const Network& network);
Network network_from(const doc::Node& node, std::string_view what);  // throws Error naming `what`
doc::Node to_node(const Endpoint& endpoint);
Endpoint endpoint_from(const doc::Node& node, std::string_view what);

class Records {
  public:
    // Empty run folder: all in one.
    explicit Records(
        std::string folder,
        const std::string& run_folder = {});  // drops the endpoints of an earlier boot: none of their containers lives

    // Shared by those who attach and detach, exclusive for those who look at everything (create, remove, recover,
    // repair).
    os::FileLock lock(os::FileLock::Mode mode) const;

    std::vector<Network> networks() const;  // sorted by name
    std::optional<Network> find(std::string_view name_or_id) const;
    void write(const Network& network);   // the name is free (under the exclusive lock)
    void remove(const Network& network);  // with all endpoints and addresses

    std::vector<Endpoint> endpoints(const Network& network) const;
    std::optional<Endpoint> endpoint(const Network& network, const std::string& container) const;
    bool has_endpoints(const Network& network) const;
    void write(const Endpoint& endpoint);
    void forget(const Endpoint& endpoint);  // its name record; the addresses stay taken
    void remove(const Endpoint& endpoint);  // and its addresses

    // False: somebody has it.
    bool take_address(const std::string& network, const os::IpAddress& address, const std::string& container);
    void free_address(const std::string& network, const os::IpAddress& address, const std::string& container);
    std::vector<os::IpAddress> taken(const std::string& network) const;  // sorted
    std::string holder(const std::string& network, const os::IpAddress& address) const;

    // What a killed process left: networks without a name, names without a network, addresses without an endpoint.
    void drop_leftovers();

    const std::string& folder() const { return folder_; }

  private:
    static void drop_half_written(const std::string& folder);
    std::string path_of(std::string_view id, std::string_view below = {}) const;
    std::string live_path_of(std::string_view id, std::string_view below) const;
    void make_live_folders(const std::string& id) const;
    std::string folder_, run_folder_;
};

}  // namespace tutti::embedded::network
