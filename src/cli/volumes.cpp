#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/target.h"
#include "cli/volume_rows.h"
#include "state/labels.h"

namespace tutti::cli {

namespace {

using base::cat;
using doc::Node;

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
    for (const engine::Volume& volume : found) rows.push_back(volume_row(volume));
    Node result;
    print_rows(session, arguments.text("format"), "table {{.Driver}}\t{{.Name}}", volume_titles(), rows,
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
