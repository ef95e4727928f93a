#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "embedded/dns/files.h"
#include "embedded/supervise/member.h"
#include "os/file.h"

#include <fcntl.h>

namespace tutti::embedded::supervise {

using base::cat;

// "container:alias" or "container" → alias and name.
static void add_links(const std::vector<std::string>& links, std::map<std::string, std::string>& out) {
    for (const auto& link : links) {
        const auto colon = link.find(':');
        const std::string name = link.substr(0, colon);
        out[colon == std::string::npos ? name : link.substr(colon + 1)] = name;
    }
}

static std::vector<os::IpAddress> addresses(const std::vector<std::string>& texts) {
    std::vector<os::IpAddress> out;
    for (const auto& text : texts)
        if (const auto address = os::IpAddress::parse(text)) out.push_back(*address);
    return out;
}

void Member::resolve_names(os::Fd udp, os::Fd tcp) {
    dns::Client client;
    client.container = folder_.id();
    client.udp = std::move(udp);
    client.tcp = std::move(tcp);
    client.netns = os::open(cat("/proc/", state_.pid, "/ns/net"), O_RDONLY);
    bool outside = false;
    for (const auto& endpoint : state_.endpoints) {
        const auto network = house_.tools.networks().find(endpoint.network_id);
        if (!network) continue;
        client.networks.push_back(network->names_folder);
        outside = outside || !network->spec.internal;
    }
    add_links(config_.spec.links, client.links);
    for (const auto& endpoint : config_.spec.endpoints) add_links(endpoint.links, client.links);
    const dns::DnsSpec spec{
        .servers = addresses(config_.spec.dns), .search = config_.spec.dns_search, .options = config_.spec.dns_options};
    const auto host = dns::parse_resolv_conf(os::read_file_if_exists("/etc/resolv.conf").value_or(""));
    const auto upstreams = dns::upstreams(host, spec);
    client.upstreams = upstreams.servers;
    client.upstreams_from_inside = upstreams.from_inside;
    client.forwards = outside;
    client.forwards_single_label = upstreams.single_label;
    house_.dns.add(std::move(client));
}

}  // namespace tutti::embedded::supervise
