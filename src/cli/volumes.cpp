#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/target.h"
#include "state/labels.h"

namespace tutti::cli {

namespace {

using base::cat;
using doc::Node;

Node row_of(const engine::Volume& volume) {
    std::vector<std::string> labels;
    for (const auto& [key, value] : volume.labels) labels.push_back(cat(key, "=", value));
    Node row = Node::map();
    row.set("Availability", Node("N/A"));
    row.set("Driver", Node(volume.driver));
    row.set("Group", Node("N/A"));
    row.set("Labels", Node(base::join(labels, ",")));
    row.set("Links", Node("N/A"));
    row.set("Mountpoint", Node(volume.mountpoint));
    row.set("Name", Node(volume.name));
    row.set("Scope", Node(volume.scope));
    row.set("Size", Node("N/A"));
    row.set("Status", Node("N/A"));
    return row;
}

const std::vector<Titles>& titles() {
    static const std::vector<Titles> all = {{"Driver", "DRIVER"}, {"Name", "VOLUME NAME"},
                                            {"Scope", "SCOPE"},   {"Mountpoint", "MOUNTPOINT"},
                                            {"Labels", "LABELS"}, {"Size", "SIZE"},
                                            {"Links", "LINKS"},   {"Status", "STATUS"},
                                            {"Group", "GROUP"},   {"Availability", "AVAILABILITY"}};
    return all;
}

int volumes(const Arguments& arguments, Session& session) {
    const auto subject = project_or_name(arguments, session, arguments.rest());
    if (!subject) return 1;
    if (subject->project) verbs::check_services(*subject->project, arguments.rest());
    engine::Engine& engine = session.engine();
    // With services: those that their containers mount.
    std::set<std::string> mounted;
    for (const state::Container& container : state::list_containers(engine, subject->name, true))
        if (std::find(arguments.rest().begin(), arguments.rest().end(), container.service) != arguments.rest().end())
            for (const engine::MountPoint& mount : container.summary.mounts) mounted.insert(mount.name);
    std::vector<engine::Volume> found;
    for (engine::Volume& volume : engine.volumes().list({cat(state::label::project, "=", subject->name)}))
        if (arguments.rest().empty() || mounted.count(volume.name)) found.push_back(std::move(volume));
    if (arguments.on("quiet")) {
        for (const engine::Volume& volume : found) session.out(volume.name + "\n");
        return 0;
    }
    std::vector<Node> rows;
    for (const engine::Volume& volume : found) rows.push_back(row_of(volume));
    Node result;
    print_rows(session, arguments.text("format"), "table {{.Driver}}\t{{.Name}}", titles(), rows,
               [&](std::size_t row) -> Methods {
                   return [&, row](std::string_view name, const std::vector<Node>& given) -> const Node* {
                       if (name != "Label" || given.size() != 1 || !given[0].is_text()) return nullptr;
                       const auto label = found[row].labels.find(given[0].as_text());
                       result = Node(label == found[row].labels.end() ? std::string() : label->second);
                       return &result;
                   };
               });
    return 0;
}

constexpr Flag flags[] = {
    {.name = "format",
     .kind = FlagKind::text,
     .help = "Format output using a custom template:\n'table', 'table TEMPLATE', 'json' or 'TEMPLATE'",
     .fallback = "table"},
    {.name = "quiet", .letter = 'q', .help = "Only display volume names"},
};

}  // namespace

constinit const Command volumes_command{
    .name = "volumes",
    .usage = "volumes [OPTIONS] [SERVICE...]",
    .help = "List volumes",
    .flags = flags,
    .run = volumes,
};

}  // namespace tutti::cli
