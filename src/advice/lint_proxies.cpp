// Host names in nginx files that are mounted into a service: nginx ends at once when one of them does not resolve.
#include <algorithm>
#include <set>

#include "advice/lint_rules.h"
#include "base/error.h"
#include "base/text.h"

namespace tutti::advice::rules {

using base::cat;

namespace {

struct Upstream {
    std::string host;
    std::size_t line;
    std::string directive;
};

// "http://api:8000/x" → api; a variable, an address, a unix socket: nothing.
std::string host_in(std::string_view target) {
    if (const auto scheme = target.find("://"); scheme != std::string_view::npos) target.remove_prefix(scheme + 3);
    target = target.substr(0, target.find_first_of(":/; \t"));
    if (target.find_first_of("$[") != std::string_view::npos || target == "unix") return {};
    return std::string(target);
}

bool is_upstream_directive(std::string_view word) {
    return word == "proxy_pass" || word == "fastcgi_pass" || word == "uwsgi_pass" || word == "grpc_pass";
}

// A file of nginx, read as words of lines: `upstream NAME {`, `server HOST:PORT;` in it, `proxy_pass URL;`.
std::vector<Upstream> upstreams(std::string_view text) {
    std::vector<Upstream> found;
    std::set<std::string, std::less<>> own;  // names of upstream blocks
    bool inside = false;
    std::size_t number = 0;
    for (std::string_view line : base::split(text, '\n')) {
        ++number;
        line = base::trim(line.substr(0, line.find('#')));
        std::vector<std::string_view> words;
        for (const std::string_view word : base::split(line, ' '))
            if (!word.empty() && word != "{") words.push_back(word);
        for (std::size_t i = 0; i + 1 < words.size(); ++i) {
            const std::string_view word = words[i];
            if (word == "upstream") {
                inside = true;
                own.insert(std::string(words[i + 1].substr(0, words[i + 1].find('{'))));
            } else if (is_upstream_directive(word) || (inside && word == "server")) {
                if (std::string host = host_in(words[i + 1]); !host.empty())
                    found.push_back({std::move(host), number, std::string(word)});
            }
        }
        if (line.find('}') != std::string_view::npos) inside = false;
    }
    std::erase_if(found, [&](const Upstream& one) { return one.directive != "server" && own.count(one.host) != 0; });
    return found;
}

bool resolves(const model::Project& project, const model::Service& from, const std::string& host) {
    if (host.find('.') != std::string::npos || host == "localhost" || from.extra_hosts.count(host) != 0) return true;
    for (const auto& [name, service] : project.services) {
        if (name == host || service.container_name == host || service.hostname == host) return true;
        for (const auto& [network, attachment] : service.networks)
            if (attachment &&
                std::find(attachment->aliases.begin(), attachment->aliases.end(), host) != attachment->aliases.end())
                return true;
    }
    return false;
}

void look_into(const model::Project& project, const std::string& name, const model::Service& service,
               const model::Mount& mount, std::string_view text, Findings& out) {
    std::vector<std::string> hosts, profiles;
    std::string first;
    for (const Upstream& one : upstreams(text)) {
        const auto inactive = project.disabled_services.find(one.host);
        if (inactive == project.disabled_services.end() || resolves(project, service, one.host)) continue;
        if (std::find(hosts.begin(), hosts.end(), one.host) != hosts.end()) continue;
        hosts.push_back(one.host);
        for (const std::string& profile : inactive->second.profiles)
            if (std::find(profiles.begin(), profiles.end(), profile) == profiles.end()) profiles.push_back(profile);
        if (first.empty()) first = cat("line ", one.line, ": ", one.directive);
    }
    if (hosts.empty()) return;
    const auto slash = mount.source.rfind('/');
    const bool one = hosts.size() == 1;
    out.push_back(
        {"inactive-upstream",
         {"services", name, "volumes", mount.target},
         cat(mount.source.substr(slash + 1), " of service ", name, " names ", base::join(hosts, ", "), ", which ",
             one ? "is" : "are", " not active (", first, "): nginx ends at once when a name does not resolve"),
         profiles.empty() ? cat("start ", one ? "it" : "them", " too")
                          : cat("activate ", one ? "it" : "them", ": --profile ", base::join(profiles, " --profile "),
                                "; or use `resolver 127.0.0.11` with a variable in the URL")});
}

}  // namespace

void proxies(const model::Project& project, const base::Files& files, Findings& out) {
    if (project.disabled_services.empty()) return;
    for (const auto& [name, service] : project.services)
        for (const model::Mount& mount : service.volumes)
            if (mount.type == "bind" && mount.target.starts_with("/etc/nginx/") && mount.target.ends_with(".conf") &&
                files.kind(mount.source) == base::Files::Kind::file) {
                std::string text;
                try {
                    text = files.read(mount.source);
                } catch (const base::Error&) {  // not ours to complain about
                    continue;
                }
                look_into(project, name, service, mount, text, out);
            }
}

}  // namespace tutti::advice::rules
