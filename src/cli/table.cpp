#include "cli/table.h"

#include <algorithm>

#include "base/text.h"
#include "doc/json.h"

namespace tutti::cli {
namespace {

using base::cat;

struct Character {
    char32_t code = 0;
    std::size_t bytes = 1;
};

Character next(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(0);
    if (first < 0x80) return {first, 1};
    if (first < 0xe0) return {(first & 0x1fU) << 6 | (byte(1) & 0x3f), 2};
    if (first < 0xf0) return {(first & 0x0fU) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f), 3};
    return {(first & 0x07U) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f), 4};
}

bool is_wide(char32_t c) {
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

doc::Node titles_node(const std::vector<Titles>& titles) {
    doc::Node node = doc::Node::map();
    for (const Titles& one : titles) node.set(one.field, doc::Node(one.title));
    return node;
}

// "\t" and "\n" as they are typed in a shell.
std::string unescaped(std::string_view text) {
    return base::replace_all(base::replace_all(text, "\\t", "\t"), "\\n", "\n");
}

}  // namespace

std::size_t width_of(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const Character c = next(text);
        width += is_wide(c.code) ? 2 : 1;
        text.remove_prefix(std::min(c.bytes, text.size()));
    }
    return width;
}

std::string ellipsis(std::string_view text, std::size_t width) {
    if (width_of(text) <= width) return std::string(text);
    std::string cut;
    std::size_t used = 0;
    while (!text.empty()) {
        const Character c = next(text);
        const std::size_t cells = is_wide(c.code) ? 2 : 1;
        if (used + cells > width - 1) break;
        cut += text.substr(0, c.bytes);
        used += cells;
        text.remove_prefix(c.bytes);
    }
    return cut + "…";
}

std::string align(const std::vector<std::string>& lines, std::size_t least, std::size_t padding) {
    std::vector<std::vector<std::string_view>> rows;
    std::vector<std::size_t> widths;
    for (const std::string& line : lines) {
        rows.push_back(base::split(line, '\t'));
        for (std::size_t i = 0; i + 1 < rows.back().size(); ++i) {
            if (widths.size() <= i) widths.push_back(least);
            widths[i] = std::max(widths[i], width_of(rows.back()[i]) + padding);
        }
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) text += std::string(widths[i] - width_of(row[i]), ' ');
        }
        text += '\n';
    }
    return text;
}

void print_rows(Session& session, const std::string& format, const std::string& default_table,
                const std::vector<Titles>& titles, const std::vector<doc::Node>& rows,
                const std::function<Methods(std::size_t row)>& methods) {
    if (format == "json" || format == "{{json .}}") {
        for (doc::Node row : rows) {  // fields by their names; what is in them keeps its order, as in Go
            std::ranges::sort(row.entries(), {}, &doc::Entry::key);
            session.out(doc::write_json(row, {.escape_html = false}) + "\n");
        }
        return;
    }
    const std::string whole = format.empty() || format == "table" ? default_table : format;
    const bool table = whole.starts_with("table");
    std::string text = unescaped(table ? whole.substr(5) : whole);
    if (table) text.erase(0, text.find_first_not_of(' '));
    const GoTemplate compiled(text);
    std::vector<std::string> lines;
    if (table) lines.push_back(compiled.run_titles(titles_node(titles)));
    for (std::size_t i = 0; i < rows.size(); ++i)
        lines.push_back(compiled.run(rows[i], methods ? methods(i) : Methods()));
    if (table) return session.out(align(lines, 10, 3));
    for (const std::string& line : lines) session.out(line + "\n");
}

std::string plain_table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows,
                        std::size_t least, std::size_t padding) {
    std::vector<std::string> lines = {base::join(titles, "\t")};
    for (const auto& row : rows) lines.push_back(base::join(row, "\t"));
    return align(lines, least, padding);
}

}  // namespace tutti::cli
