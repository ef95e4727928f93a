// Network mode, endpoints with their aliases and addresses, links, names and hosts.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "plan/spec/spec.h"

namespace tutti::plan::spec {
namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

// Highest priority first, then by name: the first is the container's main network.
std::vector<std::string> by_priority(const model::Service& service) {
    std::vector<std::string> keys;
    for (const auto& [key, attachment] : service.networks) keys.push_back(key);
    const auto priority = [&](const std::string& key) {
        const auto& attachment = service.networks.at(key);
        return attachment ? attachment->priority : 0;
    };
    std::stable_sort(keys.begin(), keys.end(),
                     [&](const std::string& a, const std::string& b) { return priority(a) > priority(b); });
    return keys;
}

std::vector<std::string> containers_of(const model::Project& project, const std::string& name,
                                       const state::ProjectState& state, const Options& options) {
    std::vector<std::string> names;
    const auto service = project.services.find(name);
    if (service == project.services.end()) {
        for (const state::Container* container : state.of_service(name)) names.push_back(container->name());
        return names;
    }
    for (const state::Container* container : state.of_service(name)) names.push_back(container->name());
    for (int number = 1; names.empty() && number <= service->second.replicas(); ++number)
        names.push_back(container_name(project, service->second, number, options.separator));
    return names;
}

std::vector<std::string> links_of(const model::Project& project, const model::Service& service,
                                  const state::ProjectState& state, const Replica& replica, const Options& options) {
    std::vector<std::string> links;
    const char dash = options.separator;
    for (const std::string& link : service.links) {
        const auto colon = link.find(':');
        const std::string target = link.substr(0, colon);
        const std::string alias = colon == std::string::npos ? target : link.substr(colon + 1);
        for (const std::string& container : containers_of(project, target, state, options)) {
            links.push_back(cat(container, ":", alias));
            links.push_back(cat(container, ":", target, dash, replica.number));
            links.push_back(cat(container, ":", project.name, dash, target, dash, replica.number));
        }
    }
    for (const std::string& link : service.external_links) {
        const auto colon = link.find(':');
        links.push_back(colon == std::string::npos ? cat(link, ":", link) : link);
    }
    return links;
}

engine::EndpointSpec to_endpoint(const model::Project& project, const model::Service& service, const std::string& key,
                                 const Replica& replica) {
    engine::EndpointSpec endpoint;
    const auto network = project.networks.find(key);
    if (network == project.networks.end())
        throw Error(ErrorKind::invalid, cat("service \"", service.name, "\" refers to undefined network ", key));
    endpoint.network = network->second.name;
    endpoint.aliases.push_back(replica.name);
    const auto entry = service.networks.find(key);
    const model::Attachment* attachment = entry != service.networks.end() && entry->second ? &*entry->second : nullptr;
    if (replica.aliases) {
        endpoint.aliases.push_back(service.name);
        if (attachment)
            endpoint.aliases.insert(endpoint.aliases.end(), attachment->aliases.begin(), attachment->aliases.end());
    }
    if (!attachment) return endpoint;
    endpoint.link_local_ips = attachment->link_local_ips;
    endpoint.ipv4_address = attachment->ipv4_address;
    endpoint.ipv6_address = attachment->ipv6_address;
    endpoint.mac_address = attachment->mac_address;
    endpoint.interface_name = attachment->interface_name;
    endpoint.driver_opts.insert(attachment->driver_opts.begin(), attachment->driver_opts.end());
    endpoint.gw_priority = static_cast<int>(attachment->gw_priority);
    endpoint.priority = static_cast<int>(attachment->priority);
    return endpoint;
}

}  // namespace

void add_networks(const model::Project& project, const model::Service& service, const state::ProjectState& state,
                  const Replica& replica, const Options& options, engine::ContainerSpec& spec) {
    spec.dns = service.dns;
    spec.dns_search = service.dns_search;
    spec.dns_options = service.dns_opt;
    for (const auto& [host, addresses] : service.extra_hosts)
        for (const std::string& address : addresses) spec.extra_hosts.push_back(cat(host, ":", address));
    const std::vector<std::string> links = links_of(project, service, state, replica, options);
    if (!service.network_mode.empty()) {
        spec.network_mode = service.network_mode;
        spec.links = links;
        spec.mac_address = service.mac_address;
        return;
    }
    if (project.networks.empty()) {
        spec.network_mode = "none";
        return;
    }
    std::vector<std::string> keys = by_priority(service);
    if (keys.empty()) keys.emplace_back("default");
    for (const std::string& key : keys) {
        spec.endpoints.push_back(to_endpoint(project, service, key, replica));
        spec.endpoints.back().links = links;
    }
    engine::EndpointSpec& main = spec.endpoints.front();
    if (!service.mac_address.empty() && !main.mac_address.empty() && main.mac_address != service.mac_address)
        throw Error(ErrorKind::invalid,
                    cat("the service-level mac_address should have the same value as network ", keys.front()));
    if (main.mac_address.empty()) main.mac_address = service.mac_address;
    spec.network_mode = main.network;
}

}  // namespace tutti::plan::spec
