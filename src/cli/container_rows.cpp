#include "cli/container_rows.h"

#include "base/text.h"
#include "cli/progress_frame.h"
#include "cli/single.h"
#include "doc/json.h"
#include "verbs/words.h"

namespace tutti::cli {

using base::cat;
using doc::Node;

namespace {

std::string size_text(const engine::ContainerSummary& container) {
    if (container.size_rw < 0) return "0B";
    std::string text = short_size(static_cast<double>(container.size_rw));
    if (container.size_root > 0) text += cat(" (virtual ", short_size(static_cast<double>(container.size_root)), ")");
    return text;
}

}  // namespace

Node container_row(const engine::ContainerSummary& container, bool truncate, engine::Time now) {
    std::vector<std::string> networks, mounts;
    for (const engine::Endpoint& endpoint : container.endpoints) networks.push_back(endpoint.network);
    std::int64_t local = 0;
    for (const engine::MountPoint& mount : container.mounts) {
        const std::string& name = mount.name.empty() ? mount.source : mount.name;
        mounts.push_back(truncate ? ellipsis(name, 15) : name);
        if (mount.driver == "local") ++local;
    }
    const bool running = container.state == engine::ContainerState::running;
    Node row = Node::map();
    row.set("ID", Node(truncate ? container.id.substr(0, 12) : container.id));
    row.set("Names", Node(container.name));
    row.set("Image", Node(container.image));
    row.set("Command", Node(doc::write_json(Node(truncate ? ellipsis(container.command, 20) : container.command),
                                            {.escape_html = false})));
    row.set("CreatedAt", Node(go_time(container.created)));
    row.set("RunningFor",
            Node(cat(verbs::human_duration(std::chrono::duration_cast<std::chrono::seconds>(now - container.created)),
                     " ago")));
    row.set("State", Node(to_text(container.state)));
    row.set("Status", Node(verbs::status_text(container, now)));
    row.set("Health",
            Node(running && container.health != engine::Health::none ? to_text(container.health) : std::string_view()));
    row.set("Ports", Node(verbs::ports_text(container.ports)));
    row.set("Labels", Node(labels_text(container.labels)));
    row.set("Size", Node(size_text(container)));
    row.set("Mounts", Node(base::join(mounts, ",")));
    row.set("LocalVolumes", Node(std::to_string(local)));
    row.set("Networks", Node(base::join(networks, ",")));
    return row;
}

const std::vector<Titles>& container_titles() {
    static const std::vector<Titles> all = {{"ID", "CONTAINER ID"},
                                            {"Names", "NAMES"},
                                            {"Image", "IMAGE"},
                                            {"Command", "COMMAND"},
                                            {"CreatedAt", "CREATED AT"},
                                            {"RunningFor", "CREATED"},
                                            {"Ports", "PORTS"},
                                            {"State", "STATE"},
                                            {"Status", "STATUS"},
                                            {"Health", "HEALTH"},
                                            {"Size", "SIZE"},
                                            {"Labels", "LABELS"},
                                            {"Mounts", "MOUNTS"},
                                            {"Networks", "NETWORKS"},
                                            {"LocalVolumes", "LOCAL VOLUMES"}};
    return all;
}

Methods label_method(const engine::Labels& labels) {
    return [&labels, result = Node()](std::string_view name, const std::vector<Node>& given) mutable -> const Node* {
        if (name != "Label" || given.size() != 1 || !given[0].is_text()) return nullptr;
        const auto found = labels.find(given[0].as_text());
        result = Node(found == labels.end() ? std::string() : found->second);
        return &result;
    };
}

}  // namespace tutti::cli
