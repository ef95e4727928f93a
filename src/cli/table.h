// Lists as tables, JSON lines or templates: what --format means for ps, images, volumes, stats and events.
// Used by the commands that print rows. A row is a map of fields by their Go names.
// Chooses no columns: the command gives a default format.
#pragma once

#include <string>
#include <vector>

#include "cli/go_template.h"
#include "cli/session.h"

namespace tutti::cli {

struct Titles {
    std::string_view field, title;  // "RunningFor", "CREATED"
};

// Cells that end in a tab stand in columns, as Go's text/tabwriter sets them.
std::string align(const std::vector<std::string>& lines, std::size_t least, std::size_t padding);
std::size_t width_of(std::string_view text);  // cells of a terminal: East Asian wide characters count two

// format: "", table, "table {{.A}}\t{{.B}}", json, or a template of one row.
void print_rows(Session& session, const std::string& format, const std::string& default_table,
                const std::vector<Titles>& titles, const std::vector<doc::Node>& rows,
                const std::function<Methods(std::size_t row)>& methods = {});

// A plain table: titles and rows, in columns at least 20 wide, as `ls` and `images` print.
std::string plain_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows,
                        std::size_t least = 20, std::size_t padding = 3);

std::string ellipsis(std::string_view text, std::size_t width);  // cut to the width, with …

}  // namespace tutti::cli
