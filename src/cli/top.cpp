#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/target.h"

namespace tutti::cli {

namespace {

// The union of all columns, in the order met; CMD is last.
struct Columns {
    std::vector<std::string> titles = {"SERVICE", "#"};
    std::vector<std::map<std::string, std::string>> rows;

    void add(const state::Container& container, const engine::ProcessTable& table) {
        for (const engine::Process& process : table.rows) {
            std::map<std::string, std::string>& row = rows.emplace_back();
            row["SERVICE"] = container.service;
            row["#"] = container.number ? std::to_string(container.number) : std::string();
            for (std::size_t i = 0; i < table.titles.size() && i < process.columns.size(); ++i) {
                if (std::find(titles.begin(), titles.end(), table.titles[i]) == titles.end())
                    titles.push_back(table.titles[i]);
                row[table.titles[i]] = process.columns[i];
            }
        }
    }
};

int top(const Arguments& arguments, Session& session) {
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    const std::vector<std::string>& wanted = arguments.rest();
    Columns columns;
    for (const state::Container& container : state::list_containers(session.engine(), *name, false))
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), container.service) != wanted.end())
            columns.add(container, session.engine().containers().top(container.id(), {}));
    if (columns.rows.empty()) return 0;
    std::stable_partition(columns.titles.begin(), columns.titles.end(),
                          [](const std::string& title) { return title != "CMD"; });
    std::vector<std::vector<std::string>> cells;
    for (const auto& row : columns.rows) {
        std::vector<std::string>& line = cells.emplace_back();
        for (const std::string& title : columns.titles) {
            const auto cell = row.find(title);
            line.push_back(cell == row.end() ? "-" : cell->second);
        }
    }
    session.out(plain_table(columns.titles, cells, 4, 2));
    return 0;
}

}  // namespace

constinit const Command top_command{
    .name = "top",
    .usage = "top [SERVICES...]",
    .help = "Display the running processes",
    .run = top,
    .outside = "container top",
};

}  // namespace tutti::cli
