#include "base/error.h"
#include "base/text.h"
#include "docker/client/faces.h"
#include "docker/wire/container_create.h"
#include "docker/wire/nodes.h"
#include "docker/wire/resources.h"

namespace tutti::docker::client {

using base::cat;
using doc::Node;

std::vector<engine::Network> NetworksFace::list(const engine::LabelFilter& labels) {
    const Node rows = api_.call({.path = "/networks", .query = {{"filters", filters({{"label", labels}})}}});
    std::vector<engine::Network> out;
    if (rows.is_list())
        for (const Node& row : rows.items()) out.push_back(wire::network_from(row));
    return out;
}

std::optional<engine::Network> NetworksFace::find(const std::string& name) {
    const auto node = api_.find({.path = "/networks/" + in_path(name)});
    return node ? std::optional(wire::network_from(*node)) : std::nullopt;
}

std::string NetworksFace::create(const engine::NetworkSpec& spec) {
    return api_.call({.method = "POST", .path = "/networks/create", .body = wire::network_body(spec, api_.minor())})
        .text_or("Id");
}

void NetworksFace::remove(const std::string& name) {
    api_.call({.method = "DELETE", .path = "/networks/" + in_path(name)});
}

void NetworksFace::connect(const std::string& network, const std::string& container,
                           const engine::EndpointSpec& endpoint) {
    Node body = Node::map();
    body.set("Container", wire::text(container));
    body.set("EndpointConfig", wire::endpoint_body(endpoint, api_.minor()));
    api_.call({.method = "POST", .path = cat("/networks/", in_path(network), "/connect"), .body = std::move(body)});
}

void NetworksFace::disconnect(const std::string& network, const std::string& container, bool force) {
    Node body = Node::map();
    body.set("Container", wire::text(container));
    body.set("Force", wire::flag(force));
    api_.call({.method = "POST", .path = cat("/networks/", in_path(network), "/disconnect"), .body = std::move(body)});
}

std::vector<std::string> NetworksFace::prune(const engine::LabelFilter& labels) {
    return api_
        .call({.method = "POST", .path = "/networks/prune", .query = {{"filters", filters({{"label", labels}})}}})
        .texts_or_empty("NetworksDeleted");
}

std::vector<engine::Volume> VolumesFace::list(const engine::LabelFilter& labels) {
    const Node answer = api_.call({.path = "/volumes", .query = {{"filters", filters({{"label", labels}})}}});
    std::vector<engine::Volume> out;
    if (const Node* rows = answer.find("Volumes"); rows && rows->is_list())
        for (const Node& row : rows->items()) out.push_back(wire::volume_from(row));
    return out;
}

std::optional<engine::Volume> VolumesFace::find(const std::string& name) {
    const auto node = api_.find({.path = "/volumes/" + in_path(name)});
    return node ? std::optional(wire::volume_from(*node)) : std::nullopt;
}

std::string VolumesFace::create(const engine::VolumeSpec& spec) {
    return api_.call({.method = "POST", .path = "/volumes/create", .body = wire::volume_body(spec)}).text_or("Name");
}

void VolumesFace::remove(const std::string& name, bool force) {
    api_.call({.method = "DELETE", .path = "/volumes/" + in_path(name), .query = {{"force", force ? "1" : ""}}});
}

std::vector<std::string> VolumesFace::prune(bool all, const engine::LabelFilter& labels) {
    // Since API 1.42 only anonymous volumes go unless `all` says otherwise; before, all of them always went.
    const std::vector<std::string> everything{all ? "true" : "false"};
    return api_
        .call({.method = "POST",
               .path = "/volumes/prune",
               .query = {{"filters", api_.minor() >= 42 ? filters({{"all", everything}, {"label", labels}})
                                                        : filters({{"label", labels}})}},
               .patience = {}})
        .texts_or_empty("VolumesDeleted");
}

}  // namespace tutti::docker::client
