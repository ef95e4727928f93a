#include <map>

#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/image_names.h"
#include "cli/progress_frame.h"
#include "cli/table.h"
#include "cli/target.h"
#include "cli/up.h"
#include "doc/json.h"
#include "verbs/words.h"

namespace tutti::cli {

namespace {

using base::cat;

struct Row {
    std::string container, id, repository, tag, platform;
    std::int64_t size = 0;
    engine::Time created{}, tagged{};
};

Row row_of(const state::Container& container, engine::Engine& engine) {
    Row row;
    row.container = container.name();
    row.id = container.summary.image_id;
    NameParts name = split_name(container.summary.image);
    row.repository = std::move(name.repository);
    row.tag = std::move(name.tag);
    auto image = engine.images().find(container.summary.image);
    if (!image) image = engine.images().find(container.summary.image_id);
    if (!image) return row;  // removed or moved: what the container knows
    row.id = image->id;
    row.size = image->size;
    row.created = image->created;
    row.tagged = image->last_tagged;
    row.platform = cat(image->os, "/", image->architecture, image->variant.empty() ? "" : "/", image->variant);
    return row;
}

void print_json(Session& session, const std::vector<Row>& rows) {
    doc::Node list = doc::Node::list();
    for (const Row& row : rows) {
        doc::Node& one = list.push(doc::Node::map());
        one.set("ID", doc::Node(row.id));
        one.set("ContainerName", doc::Node(row.container));
        one.set("Repository", doc::Node(row.repository));
        one.set("Tag", doc::Node(row.tag));
        one.set("Platform", doc::Node(row.platform));
        one.set("Size", doc::Node(row.size));
        if (row.created != engine::Time{}) one.set("Created", doc::Node(base::to_rfc3339(row.created)));
        if (row.tagged != engine::Time{}) one.set("LastTagTime", doc::Node(base::to_rfc3339(row.tagged)));
    }
    session.out(doc::write_json(list, {.escape_html = false}) + "\n");
}

int images(const Arguments& arguments, Session& session) {
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    engine::Engine& engine = session.engine();
    std::vector<Row> rows;
    for (const state::Container& container : state::list_containers(engine, *name, true))
        if (arguments.rest().empty() ||
            std::find(arguments.rest().begin(), arguments.rest().end(), container.service) != arguments.rest().end())
            rows.push_back(row_of(container, engine));
    if (arguments.on("quiet")) {
        std::vector<std::string> seen;
        for (const Row& row : rows) {
            std::string id = row.id;
            if (const auto colon = id.find(':'); colon != std::string::npos) id.erase(0, colon + 1);
            if (std::find(seen.begin(), seen.end(), id) != seen.end()) continue;
            seen.push_back(id);
            session.out(id + "\n");
        }
        return 0;
    }
    const std::string format = base::to_lower(arguments.text("format"));
    if (format == "json") {
        print_json(session, rows);
        return 0;
    }
    if (format != "table" && format != "pretty" && !format.empty())
        refuse(cat("format value \"", arguments.text("format"), "\" could not be parsed: parsing failed"));
    std::vector<std::vector<std::string>> cells;
    for (const Row& row : rows) {
        const auto age =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - row.created);
        cells.push_back({row.container, row.repository.empty() ? "<none>" : row.repository,
                         row.tag.empty() ? "<none>" : row.tag, row.platform, short_id(row.id),
                         short_size(static_cast<double>(row.size)),
                         row.created == engine::Time{} ? "N/A" : verbs::human_duration(age) + " ago"});
    }
    session.out(plain_table({"CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"}, cells));
    return 0;
}

constexpr Flag flags[] = {
    {.name = "format",
     .kind = FlagKind::text,
     .help = "Format the output. Values: [table | json]",
     .fallback = "table"},
    {.name = "quiet", .letter = 'q', .help = "Only display IDs"},
};

}  // namespace

constinit const Command images_command{
    .name = "images",
    .usage = "images [OPTIONS] [SERVICE...]",
    .help = "List images used by the created containers",
    .flags = flags,
    .run = images,
};

}  // namespace tutti::cli
