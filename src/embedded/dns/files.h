// What /etc/hosts, /etc/hostname and /etc/resolv.conf of a container say, and how the host's resolv.conf is read.
// Used at the start of a container. Pure text: reads and writes no file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/ip.h"

namespace tutti::embedded::dns {

struct HostsFile {
    std::string hostname, domainname;
    std::vector<os::IpAddress> addresses;                    // of every interface, in order
    std::vector<std::pair<std::string, std::string>> extra;  // extra_hosts: name and address, "host-gateway" allowed
    std::vector<os::IpAddress>
        host_gateway;   // what that stands for; extra entries that need it and have none are an Error
    bool ipv6 = false;  // lines for ::1 and ip6-* only then
};
std::string to_text(const HostsFile& hosts);
std::string hostname_file(std::string_view hostname);

struct ResolvConf {
    std::vector<os::IpAddress> servers;
    std::vector<std::string> search;
    std::vector<std::string> options;
};
ResolvConf parse_resolv_conf(std::string_view text);  // unreadable lines are skipped, as resolvers do
std::string to_text(const ResolvConf& conf);

struct DnsSpec {  // what the user set for the container; empty fields inherit from the host
    std::vector<os::IpAddress> servers;
    std::vector<std::string> search;  // {"."}: no search domain at all
    std::vector<std::string> options;
};
// For a container with our name server: nameserver 127.0.0.11, the search domains, options with ndots:0 unless given.
ResolvConf conf_for_names(const ResolvConf& host, const DnsSpec& spec);
// For a container without it (network_mode none, host): the user's or the host's servers; loopback servers of the host
// are left out unless the namespace is the host's own.
ResolvConf conf_without_names(const ResolvConf& host, const DnsSpec& spec, bool host_network);

struct Upstreams {  // for dns::Client
    std::vector<os::IpAddress> servers;
    bool from_inside = false;
    bool single_label = true;
};
Upstreams upstreams(const ResolvConf& host, const DnsSpec& spec);

}  // namespace tutti::embedded::dns
