#include <map>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/up.h"
#include "doc/json.h"
#include "state/labels.h"
#include "state/project_state.h"

namespace tutti::cli {

namespace {

using base::cat;

struct Row {
    std::string name, status, files;
};

Row row_of(const std::string& name, const std::vector<state::Container>& containers) {
    std::map<std::string, int> states;
    std::vector<std::string> files, parts;
    bool known = true;
    for (const state::Container& container : containers) {
        ++states[std::string(to_text(container.summary.state))];
        const std::string_view label = container.label(state::label::config_files);
        if (label.empty() && !container.summary.labels.count(std::string(state::label::config_files))) known = false;
        for (const std::string_view file : base::split(label, ','))
            if (std::find(files.begin(), files.end(), file) == files.end()) files.emplace_back(file);
    }
    for (const auto& [state, count] : states) parts.push_back(cat(state, "(", count, ")"));
    return {name, base::join(parts, ", "), known ? base::join(files, ",") : "N/A"};
}

// A name, or a part of it; ^ and $ bind to the ends.
bool name_matches(std::string_view pattern, std::string_view name) {
    const bool from_start = pattern.starts_with('^'), to_end = pattern.ends_with('$');
    if (from_start) pattern.remove_prefix(1);
    if (to_end) pattern.remove_suffix(1);
    if (from_start && to_end) return name == pattern;
    if (from_start) return name.starts_with(pattern);
    if (to_end) return name.ends_with(pattern);
    return name.find(pattern) != std::string_view::npos;
}

int ls(const Arguments& arguments, Session& session) {
    std::vector<std::string> patterns;
    for (const std::string& filter : arguments.texts("filter")) {
        const auto equals = filter.find('=');
        if (equals == std::string::npos || filter.substr(0, equals) != "name")
            refuse(cat("invalid filter '", filter.substr(0, equals), "'"));
        patterns.push_back(filter.substr(equals + 1));
    }
    engine::ListOptions options;
    options.all = arguments.on("all");
    options.labels = {std::string(state::label::project), std::string(state::label::config_hash)};
    std::map<std::string, std::vector<state::Container>> projects;
    for (engine::ContainerSummary& summary : session.engine().containers().list(options)) {
        state::Container container = state::read(std::move(summary));
        projects[container.project].push_back(std::move(container));
    }
    std::vector<Row> rows;
    for (const auto& [name, containers] : projects)
        if (patterns.empty() ||
            std::any_of(patterns.begin(), patterns.end(),
                        [&, &name = name](const std::string& one) { return name_matches(one, name); }))
            rows.push_back(row_of(name, containers));
    if (arguments.on("quiet")) {
        for (const Row& row : rows) session.out(row.name + "\n");
        return 0;
    }
    const std::string format = base::to_lower(arguments.text("format"));
    if (format == "json") {
        doc::Node list = doc::Node::list();
        for (const Row& row : rows) {
            doc::Node& one = list.push(doc::Node::map());
            one.set("Name", doc::Node(row.name));
            one.set("Status", doc::Node(row.status));
            one.set("ConfigFiles", doc::Node(row.files));
        }
        session.out(doc::write_json(list, {.escape_html = false}) + "\n");
        return 0;
    }
    if (format != "table" && format != "pretty" && !format.empty())
        refuse(cat("format value \"", arguments.text("format"), "\" could not be parsed: parsing failed"));
    std::vector<std::vector<std::string>> cells;
    for (const Row& row : rows) cells.push_back({row.name, row.status, row.files});
    session.out(plain_table({"NAME", "STATUS", "CONFIG FILES"}, cells));
    return 0;
}

constexpr Flag flags[] = {
    {.name = "all", .letter = 'a', .help = "Show all stopped Compose projects"},
    {.name = "filter", .kind = FlagKind::texts, .help = "Filter output based on conditions provided"},
    {.name = "format",
     .kind = FlagKind::text,
     .help = "Format the output. Values: [table | json]",
     .fallback = "table"},
    {.name = "quiet", .letter = 'q', .help = "Only display project names"},
};

}  // namespace

constinit const Command ls_command{
    .name = "ls",
    .usage = "ls [OPTIONS]",
    .help = "List running compose projects",
    .flags = flags,
    .run = ls,
    .most = 0,
};

}  // namespace tutti::cli
