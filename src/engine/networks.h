// Networks: user-defined ones, and which containers are on them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/container_spec.h"
#include "engine/values.h"

namespace tutti::engine {

struct IpamPool {
    std::string subnet, ip_range, gateway;  // CIDR, CIDR, address
    Options aux_addresses;
    bool operator==(const IpamPool&) const = default;
};

struct NetworkSpec {
    std::string name;
    std::string driver;  // empty: bridge
    Options driver_opts, ipam_options;
    std::string ipam_driver;
    std::vector<IpamPool> ipam;
    bool internal = false, attachable = false, ingress = false;
    std::optional<bool> enable_ipv4, enable_ipv6;
    Labels labels;
    bool operator==(const NetworkSpec&) const = default;
};

struct Network : NetworkSpec {
    std::string id, scope = "local";
    Time created;
    struct Member {
        std::string container_id, container_name, endpoint_id, mac_address, ipv4_address,
            ipv6_address;  // addresses with prefix
    };
    std::vector<Member> members;  // only from inspect()
};

class Networks {
  public:
    virtual ~Networks() = default;
    virtual std::vector<Network> list(const LabelFilter& labels = {}) = 0;
    virtual std::optional<Network> find(const std::string& name) = 0;  // with members
    virtual std::string create(const NetworkSpec& spec) = 0;           // id; conflict: the name is taken
    virtual void remove(const std::string& name) = 0;                  // conflict: containers are on it
    virtual void connect(const std::string& network, const std::string& container, const EndpointSpec& endpoint) = 0;
    virtual void disconnect(const std::string& network, const std::string& container, bool force) = 0;
    virtual std::vector<std::string> prune(const LabelFilter& labels) = 0;  // names
};

}  // namespace tutti::engine
