// The names of one network, as its record files say (written by network/, one file an endpoint, in one folder).
// Used by the server. Notices changes by looking at the folder's time, so no descriptor is held and no event is missed.
#pragma once

#include <sys/stat.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/ip.h"

namespace tutti::embedded::dns {

class Zone {
  public:
    explicit Zone(std::string folder) : folder_(std::move(folder)) {}

    void refresh();  // cheap if nothing changed; throws nothing: what cannot be read has no names

    bool has(std::string_view name) const { return names_.contains(name); }
    // Of all containers with that name, in no particular order.
    std::vector<os::IpAddress> addresses(std::string_view name, int family) const;
    std::optional<std::string> name_of(const os::IpAddress& address) const;  // NAME.NETWORK
    const std::string& network() const { return network_; }

  private:
    struct Record {
        timespec modified{};
        ino_t inode = 0;
        std::vector<std::string> names;
        std::string network;
        std::vector<os::IpAddress> addresses;
        bool seen = false;
    };
    std::optional<Record> read(const std::string& path) const;
    void index();

    std::string folder_, network_;
    timespec modified_{};                    // the folder's time when it was read; zero: read it again in any case
    std::map<std::string, Record> records_;  // by file name
    std::map<std::string, std::vector<const Record*>, std::less<>> names_;
    std::map<os::IpAddress, std::string> reverse_;
};

}  // namespace tutti::embedded::dns
