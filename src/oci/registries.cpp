#include "oci/registries.h"

#include <arpa/inet.h>

#include <algorithm>
#include <memory>

#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "os/file.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

struct Mirror {
    std::string location;
    bool insecure = false;
    enum class Pulls { all, digest_only, tag_only } pulls = Pulls::all;
};

struct Rule {
    std::string prefix, location;
    bool insecure = false, blocked = false;
    std::vector<Mirror> mirrors;
};

struct Rules {
    std::vector<Rule> rules;
    std::vector<Mirror> hub_mirrors;    // daemon.json
    std::vector<std::string> insecure;  // hosts and networks
};

std::string text_of(const toml::table& table, const char* key) { return table[key].value_or(std::string()); }

Mirror::Pulls pulls_of(const std::string& text, const std::string& path) {
    if (text.empty() || text == "all") return Mirror::Pulls::all;
    if (text == "digest-only") return Mirror::Pulls::digest_only;
    if (text == "tag-only") return Mirror::Pulls::tag_only;
    throw Error(ErrorKind::invalid, cat(path, ": pull-from-mirror is all, digest-only or tag-only, not \"", text, '"'));
}

void read_toml(const std::string& path, Rules& into) {
    const auto text = os::read_file_if_exists(path);
    if (!text) return;
    toml::table root;
    try {
        root = toml::parse(*text, path);
    } catch (const toml::parse_error& error) {  // the library's own kind of error becomes ours
        throw Error(ErrorKind::invalid, cat(path, ':', error.source().begin.line, ": ", error.description()));
    }
    const toml::array* all = root["registry"].as_array();
    if (!all) return;
    for (const auto& element : *all) {
        const toml::table* table = element.as_table();
        if (!table) continue;
        Rule rule{text_of(*table, "prefix"),
                  text_of(*table, "location"),
                  (*table)["insecure"].value_or(false),
                  (*table)["blocked"].value_or(false),
                  {}};
        if (rule.prefix.empty()) rule.prefix = rule.location;
        if (rule.location.empty() && !rule.prefix.starts_with("*.")) rule.location = rule.prefix;
        if (rule.prefix.empty())
            throw Error(ErrorKind::invalid, cat(path, ": a [[registry]] has neither prefix nor location"));
        const bool digest_only = (*table)["mirror-by-digest-only"].value_or(false);
        if (const toml::array* mirrors = (*table)["mirror"].as_array())
            for (const auto& one : *mirrors)
                if (const toml::table* mirror = one.as_table())
                    rule.mirrors.push_back({text_of(*mirror, "location"), (*mirror)["insecure"].value_or(false),
                                            digest_only ? Mirror::Pulls::digest_only
                                                        : pulls_of(text_of(*mirror, "pull-from-mirror"), path)});
        std::erase_if(into.rules,
                      [&](const Rule& other) { return other.prefix == rule.prefix; });  // a later file replaces
        into.rules.push_back(std::move(rule));
    }
}

void read_daemon_json(const std::string& path, Rules& into) {
    const auto text = path.empty() ? std::nullopt : os::read_file_if_exists(path);
    if (!text) return;
    const doc::Node node = doc::parse_json(*text, path);
    for (const auto& mirror : node.texts_or_empty("registry-mirrors")) {
        const auto url = http::Url::parse(mirror);
        if (!url) throw Error(ErrorKind::invalid, cat(path, ": \"", mirror, "\" is no URL of a mirror"));
        into.hub_mirrors.push_back({url->authority(), url->scheme == "http", Mirror::Pulls::all});
    }
    into.insecure = node.texts_or_empty("insecure-registries");
}

// How much of the name a prefix covers; nothing: it is another registry's or repository's.
std::optional<std::size_t> covers(const std::string& prefix, const std::string& repository) {
    if (prefix.starts_with("*.")) {
        const std::string domain = repository.substr(0, repository.find('/'));
        return domain.ends_with(prefix.substr(1)) ? std::optional(domain.size()) : std::nullopt;
    }
    if (!repository.starts_with(prefix)) return std::nullopt;
    if (repository.size() != prefix.size() && repository[prefix.size()] != '/') return std::nullopt;
    return prefix.size();
}

Endpoint place(const std::string& location, std::string_view rest, bool insecure, bool mirror) {
    const auto slash = location.find('/');
    Endpoint endpoint = default_endpoint(location.substr(0, slash));
    endpoint.path = slash == std::string::npos ? "" : location.substr(slash + 1);
    if (!rest.empty()) endpoint.path += cat(endpoint.path.empty() ? "" : "/", rest.substr(1));
    endpoint.plain = endpoint.plain || insecure;
    endpoint.insecure = endpoint.insecure || insecure;
    endpoint.mirror = mirror;
    return endpoint;
}

bool in_network(const std::string& host, const std::string& network) {
    const auto slash = network.find('/');
    const auto length = base::to_uint(std::string_view(network).substr(slash + 1));
    for (const int family : {AF_INET, AF_INET6}) {
        unsigned char address[16], start[16];
        if (::inet_pton(family, host.c_str(), address) != 1 ||
            ::inet_pton(family, network.substr(0, slash).c_str(), start) != 1)
            continue;
        if (!length || *length > (family == AF_INET ? 32u : 128u)) return false;
        for (std::size_t bit = 0; bit < *length; ++bit)
            if ((address[bit / 8] ^ start[bit / 8]) >> (7 - bit % 8) & 1) return false;
        return true;
    }
    return false;
}

bool is_insecure(const Rules& rules, const std::string& domain) {
    const auto url = http::Url::parse(cat("https://", domain, '/'));
    return std::ranges::any_of(rules.insecure, [&](const std::string& one) {
        if (one.find('/') == std::string::npos) return one == domain;
        return url && in_network(url->host, one);
    });
}

std::vector<Endpoint> endpoints_of(const Rules& rules, const Reference& name) {
    const std::string repository = name.repository();
    const Rule* best = nullptr;
    std::size_t covered = 0;
    for (const Rule& rule : rules.rules)
        if (const auto length = covers(rule.prefix, repository); length && *length >= covered)
            best = &rule, covered = *length;
    std::vector<Endpoint> all;
    const auto add_mirrors = [&](const std::vector<Mirror>& mirrors, std::string_view rest) {
        for (const Mirror& mirror : mirrors) {
            const bool fits = mirror.pulls == Mirror::Pulls::all ||
                              (mirror.pulls == Mirror::Pulls::digest_only) == name.digest.has_value();
            if (fits && !mirror.location.empty()) all.push_back(place(mirror.location, rest, mirror.insecure, true));
        }
    };
    const bool insecure = is_insecure(rules, name.domain);
    if (!best) {
        if (name.domain == "docker.io") add_mirrors(rules.hub_mirrors, cat('/', name.path));
        all.push_back(place(name.domain, cat('/', name.path), insecure, false));
        return all;
    }
    if (best->blocked) throw Error(ErrorKind::denied, cat("registry ", best->prefix, " is blocked in registries.conf"));
    const std::string rest = repository.substr(covered);
    add_mirrors(best->mirrors, rest);
    const std::string location = best->location.empty() ? repository.substr(0, covered) : best->location;
    all.push_back(place(location, rest, insecure || best->insecure, false));
    return all;
}

http::Tls certificates_for(const std::vector<std::string>& folders, const http::Url& url) {
    http::Tls tls;
    for (const auto& folder : folders) {
        for (const std::string& host : {url.authority(), cat(url.host, ':', url.port)}) {
            const std::string path = cat(folder, '/', host);
            for (const auto& name : os::list_folder(path)) {
                if (name.ends_with(".crt") && tls.ca_file.empty()) tls.ca_file = cat(path, '/', name);
                if (!name.ends_with(".cert") || !tls.client_certificate.empty()) continue;
                tls.client_certificate = cat(path, '/', name);
                tls.client_key = cat(path, '/', name.substr(0, name.size() - 5), ".key");
            }
        }
    }
    return tls;
}

}  // namespace

Registries read_registries(const RegistryFiles& files) {
    const auto rules = std::make_shared<Rules>();
    for (const auto& path : files.registries_conf) {
        if (!os::exists(path)) continue;
        read_toml(path, *rules);
        for (const auto& name : os::list_folder(cat(path, ".d")))
            if (name.ends_with(".conf")) read_toml(cat(path, ".d/", name), *rules);
        break;
    }
    read_daemon_json(files.daemon_json, *rules);
    Registries out;
    out.endpoints = [rules](const Reference& name) { return endpoints_of(*rules, name); };
    out.tls = [folders = files.certificates](const http::Url& url) { return certificates_for(folders, url); };
    return out;
}

}  // namespace tutti::oci
