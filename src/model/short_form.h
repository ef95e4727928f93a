// The short spellings of ports and mounts: "127.0.0.1:8080:80/udp", "./data:/data:ro".
// Used by the loader and by the flags of `run` (-p, -v).
// Variables are replaced before, but for ${…} in mounts, whose colons do not split.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/network.h"
#include "model/volume.h"

namespace tutti::model {

// What a short form means, or why it is none, in Docker's words.
template <class T>
struct Parsed {
    T value;
    std::string fault = {};   // empty: fine
    std::string remark = {};  // something in it has no effect

    explicit operator bool() const { return fault.empty(); }
};

// [IP:][HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]; ranges give a port each, in the order Compose lists them (as
// text).
Parsed<std::vector<Port>> parse_ports(std::string_view text);

// [SOURCE:]TARGET[:OPTIONS]; a path as source is a bind, a name a volume, none an anonymous volume. The target is
// cleaned.
Parsed<Mount> parse_mount(std::string_view text);

// An IPv4 or IPv6 address as Go reads it: no zone, no leading zeros.
bool is_ip_address(std::string_view text);

}  // namespace tutti::model
