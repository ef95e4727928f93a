#include "cli/volume_rows.h"

#include "cli/single.h"

namespace tutti::cli {

using doc::Node;

Node volume_row(const engine::Volume& volume) {
    Node row = Node::map();
    row.set("Availability", Node("N/A"));
    row.set("Driver", Node(volume.driver));
    row.set("Group", Node("N/A"));
    row.set("Labels", Node(labels_text(volume.labels)));
    row.set("Links", Node("N/A"));
    row.set("Mountpoint", Node(volume.mountpoint));
    row.set("Name", Node(volume.name));
    row.set("Scope", Node(volume.scope));
    row.set("Size", Node("N/A"));
    row.set("Status", Node("N/A"));
    return row;
}

const std::vector<Titles>& volume_titles() {
    static const std::vector<Titles> all = {{"Driver", "DRIVER"}, {"Name", "VOLUME NAME"},
                                            {"Scope", "SCOPE"},   {"Mountpoint", "MOUNTPOINT"},
                                            {"Labels", "LABELS"}, {"Size", "SIZE"},
                                            {"Links", "LINKS"},   {"Status", "STATUS"},
                                            {"Group", "GROUP"},   {"Availability", "AVAILABILITY"}};
    return all;
}

}  // namespace tutti::cli
