#include "embedded/dns/files.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::dns {

namespace {

using base::cat;

const os::IpAddress kNames = *os::IpAddress::parse("127.0.0.11");

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t\r", at)) != line.npos) {
        const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
        words.emplace_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

bool says_ndots(const std::vector<std::string>& options) {
    return std::any_of(options.begin(), options.end(), [](const std::string& o) { return o.starts_with("ndots:"); });
}

std::vector<std::string> search_of(const ResolvConf& host, const DnsSpec& spec) {
    if (spec.search == std::vector<std::string>{"."}) return {};
    return spec.search.empty() ? host.search : spec.search;
}

void add_line(std::string& text, std::string_view keyword, const std::vector<std::string>& words) {
    if (!words.empty()) text += cat(keyword, " ", base::join(words, " "), "\n");
}

}  // namespace

std::string to_text(const HostsFile& hosts) {
    std::string text = "127.0.0.1\tlocalhost\n";
    if (hosts.ipv6)
        text +=
            "::1\tlocalhost ip6-localhost ip6-loopback\n"
            "fe00::0\tip6-localnet\n"
            "ff00::0\tip6-mcastprefix\n"
            "ff02::1\tip6-allnodes\n"
            "ff02::2\tip6-allrouters\n";
    for (const auto& [name, address] : hosts.extra) {
        if (address != "host-gateway") {
            text += cat(address, "\t", name, "\n");
            continue;
        }
        if (hosts.host_gateway.empty())
            throw base::Error(base::ErrorKind::invalid,
                              cat("extra_hosts: ", name,
                                  " asks for host-gateway, but the container is on no network with a "
                                  "gateway"),
                              "write the address of the host instead of host-gateway");
        for (const os::IpAddress& gateway : hosts.host_gateway) text += cat(gateway.to_text(), "\t", name, "\n");
    }
    if (hosts.hostname.empty()) return text;
    // As Docker writes it: the full name first, then the short one.
    const std::string names =
        hosts.domainname.empty() ? hosts.hostname : cat(hosts.hostname, ".", hosts.domainname, " ", hosts.hostname);
    for (const os::IpAddress& address : hosts.addresses) text += cat(address.to_text(), "\t", names, "\n");
    return text;
}

std::string hostname_file(std::string_view hostname) { return cat(hostname, "\n"); }

ResolvConf parse_resolv_conf(std::string_view text) {
    ResolvConf conf;
    for (const std::string_view line : base::split(text, '\n')) {
        if (line.starts_with('#') || line.starts_with(';')) continue;
        std::vector<std::string> words = words_of(line);
        if (words.size() < 2) continue;
        const std::string keyword = words.front();
        words.erase(words.begin());
        if (keyword == "nameserver") {
            // A zone ("fe80::1%eth0") means nothing in another namespace.
            if (const auto address = os::IpAddress::parse(words.front())) conf.servers.push_back(*address);
        } else if (keyword == "search") {
            conf.search = std::move(words);  // the last line counts
        } else if (keyword == "domain") {
            conf.search = {words.front()};
        } else if (keyword == "options") {
            conf.options.insert(conf.options.end(), words.begin(), words.end());
        }
    }
    std::erase(conf.search, ".");
    return conf;
}

std::string to_text(const ResolvConf& conf) {
    std::string text;
    for (const os::IpAddress& server : conf.servers) text += cat("nameserver ", server.to_text(), "\n");
    add_line(text, "search", conf.search);
    add_line(text, "options", conf.options);
    return text;
}

ResolvConf conf_for_names(const ResolvConf& host, const DnsSpec& spec) {
    ResolvConf conf{{kNames}, search_of(host, spec), spec.options.empty() ? host.options : spec.options};
    // Names of services have no dot, and shall be asked as they are before the search domains are.
    if (!says_ndots(conf.options)) conf.options.emplace_back("ndots:0");
    return conf;
}

ResolvConf conf_without_names(const ResolvConf& host, const DnsSpec& spec, bool host_network) {
    ResolvConf conf{spec.servers.empty() ? host.servers : spec.servers, search_of(host, spec),
                    spec.options.empty() ? host.options : spec.options};
    if (!host_network && spec.servers.empty())
        std::erase_if(conf.servers, [](const os::IpAddress& server) { return server.is_loopback(); });
    return conf;
}

Upstreams upstreams(const ResolvConf& host, const DnsSpec& spec) {
    Upstreams result;
    result.from_inside = !spec.servers.empty();
    result.servers = result.from_inside ? spec.servers : host.servers;
    result.single_label = !says_ndots(spec.options) ||
                          std::find(spec.options.begin(), spec.options.end(), "ndots:0") != spec.options.end();
    return result;
}

}  // namespace tutti::embedded::dns
