#include "app/registries.h"

#include <algorithm>

#include "base/text.h"
#include "oci/credentials.h"

namespace tutti::app {

using base::cat;

namespace {

oci::CredentialPlaces credential_places(const Environment& environment) {
    oci::CredentialPlaces places;
    places.docker_config = cat(docker_folder(environment), "/config.json");
    const std::string runtime = value(environment, "XDG_RUNTIME_DIR");
    if (const std::string file = value(environment, "REGISTRY_AUTH_FILE"); !file.empty())
        places.auth_files.push_back(file);
    if (!runtime.empty()) places.auth_files.push_back(cat(runtime, "/containers/auth.json"));
    places.auth_files.push_back(cat(value(environment, "HOME", "/root"), "/.config/containers/auth.json"));
    places.search_path = value(environment, "PATH");
    for (const auto& [key, one] : environment) places.environment.push_back(cat(key, "=", one));
    return places;
}

// The domains of a list with commas may be reached without TLS, or with a certificate that nobody vouches for.
void allow_insecure(oci::Registries& all, const std::string& list) {
    if (list.empty()) return;
    std::vector<std::string> domains;
    for (const auto domain : base::split(list, ',')) domains.emplace_back(domain);
    all.endpoints = [before = all.endpoints, domains = std::move(domains)](const oci::Reference& name) {
        auto places = before ? before(name) : std::vector{oci::default_endpoint(name.domain)};
        for (oci::Endpoint& place : places)
            if (std::ranges::find(domains, place.host) != domains.end()) place.plain = place.insecure = true;
        return places;
    };
}

}  // namespace

std::string value(const Environment& environment, const std::string& name, const std::string& fallback) {
    const auto found = environment.find(name);
    return found == environment.end() || found->second.empty() ? fallback : found->second;
}

std::string docker_folder(const Environment& environment) {
    return value(environment, "DOCKER_CONFIG", cat(value(environment, "HOME", "/root"), "/.docker"));
}

oci::CredentialStore credential_store(const Environment& environment) {
    return oci::CredentialStore(credential_places(environment));
}

oci::Registries registries(const Environment& environment) {
    oci::RegistryFiles files;
    files.registries_conf = {cat(value(environment, "HOME", "/root"), "/.config/containers/registries.conf"),
                             "/etc/containers/registries.conf"};
    // As containers-registries.conf(5) has it: this file instead of all others.
    if (const std::string only = value(environment, "CONTAINERS_REGISTRIES_CONF"); !only.empty())
        files.registries_conf = {only};
    files.daemon_json = "/etc/docker/daemon.json";
    files.certificates = {"/etc/docker/certs.d", "/etc/containers/certs.d"};
    oci::Registries all = oci::read_registries(files);
    all.credentials = [store = credential_store(environment)](const std::string& domain) {
        return store.find(domain, os::Cancel());
    };
    allow_insecure(all, value(environment, "TUTTI_INSECURE_REGISTRIES"));
    const auto proxy = [&](const std::string& name) {
        return value(environment, name, value(environment, base::to_lower(name)));
    };
    all.proxies = {proxy("HTTP_PROXY"), proxy("HTTPS_PROXY"), proxy("NO_PROXY")};
    return all;
}

}  // namespace tutti::app
