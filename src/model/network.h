// Networks at the top level, a service's place in one, and its published ports.
// Used by service.h and project.h.
// Not what exists: that is engine's.
#pragma once

#include "model/common.h"

namespace tutti::model {

struct IpamPool {
    std::string subnet, gateway, ip_range;
    Mapping aux_addresses;

    bool operator==(const IpamPool&) const = default;
};

struct Ipam {
    std::string driver;
    std::vector<IpamPool> config;
    Mapping options;
    Extensions extensions;

    bool operator==(const Ipam&) const = default;
};

struct Network {
    std::string name, driver;
    Mapping driver_opts;
    Ipam ipam;
    bool external = false, internal = false, attachable = false;
    Mapping labels;
    std::optional<bool> enable_ipv4, enable_ipv6;
    Extensions extensions;

    bool operator==(const Network&) const = default;
};

// How a service joins a network.
struct Attachment {
    Texts aliases;
    Mapping driver_opts;
    std::int64_t gw_priority = 0;
    std::string interface_name, ipv4_address, ipv6_address;
    Texts link_local_ips;
    std::string mac_address;
    std::int64_t priority = 0;
    Extensions extensions;

    bool operator==(const Attachment&) const = default;
};

struct Port {
    std::string name, mode, host_ip;
    std::uint32_t target = 0;
    std::string published;  // a port, a range "8000-8010", or empty: any free one
    std::string protocol;   // tcp, udp, sctp
    std::string app_protocol;
    Extensions extensions;

    bool operator==(const Port&) const = default;
};

}  // namespace tutti::model
