#include <algorithm>

#include "base/text.h"
#include "cli/command.h"

namespace tutti::cli {

namespace {

constexpr std::size_t line_width = 79;

// The part of `text` for a line of `width` characters, which may go over by `slop` to spare a short last line; the rest
// stays in `text`.
std::string_view next_line(std::string_view& text, std::size_t width, std::size_t slop) {
    std::size_t end = text.size();
    if (width + slop <= text.size()) {
        const std::string_view fits = text.substr(0, width);
        const std::size_t blank = fits.find_last_of(" \t\n"), line_end = fits.rfind('\n');
        if (blank != std::string_view::npos && blank > 0)
            end = line_end != std::string_view::npos && line_end > 0 ? line_end : blank;
    }
    const std::string_view line = text.substr(0, end);
    text = text.substr(std::min(end + 1, text.size()));
    return line;
}

// As pflag wraps.
std::string wrapped(std::string_view text, std::size_t indent) {
    constexpr std::size_t slop = 5;
    const std::size_t width = line_width - indent - slop;
    const std::string next(indent, ' ');
    std::string out = base::replace_all(next_line(text, width, slop), "\n", "\n" + next);
    while (!text.empty())
        out += base::cat("\n", next, base::replace_all(next_line(text, width, slop), "\n", "\n" + next));
    return out;
}

std::string_view type_word(const Flag& flag) {
    if (!flag.type.empty()) return flag.type;
    switch (flag.kind) {
        case FlagKind::boolean: return "";
        case FlagKind::text: return "string";
        case FlagKind::texts: return "stringArray";
        case FlagKind::words: return "strings";
        case FlagKind::integer: return "int";
    }
    return "";
}

std::string left_column(const Flag& flag) {
    const std::string letter = flag.letter ? base::cat("-", flag.letter, ", ") : std::string("    ");
    const std::string_view type = type_word(flag);
    return base::cat("  ", letter, "--", flag.name, type.empty() ? "" : " ", type);
}

std::string right_column(const Flag& flag) {
    if (flag.fallback.empty() || flag.fallback == "false") return std::string(flag.help);
    const bool quoted = flag.kind == FlagKind::text;
    if (flag.kind == FlagKind::boolean) return base::cat(flag.help, " (default ", flag.fallback, ")");
    return base::cat(flag.help, " (default ", quoted ? "\"" : "", flag.fallback, quoted ? "\"" : "", ")");
}

std::string flags_text(std::vector<const Flag*> flags) {
    std::ranges::sort(flags, {}, [](const Flag* flag) { return flag->name; });
    std::size_t width = 0;
    for (const Flag* flag : flags) width = std::max(width, left_column(*flag).size());
    std::string out;
    for (const Flag* flag : flags) {
        const std::string left = left_column(*flag);
        out +=
            base::cat(left, std::string(width - left.size() + 3, ' '), wrapped(right_column(*flag), width + 3), "\n");
    }
    return out;
}

std::vector<const Flag*> shown(std::span<const Flag> flags) {
    std::vector<const Flag*> out;
    for (const Flag& flag : flags)
        if (!flag.hidden) out.push_back(&flag);
    return out;
}

struct Row {
    std::string_view name, help;
};

std::string rows_text(std::vector<Row> rows) {
    std::size_t width = 0;
    for (const Row& row : rows) width = std::max(width, row.name.size());
    std::ranges::sort(rows, {}, &Row::name);
    std::string out;
    for (const Row& row : rows)
        out += base::cat("  ", row.name, std::string(width - row.name.size() + 3, ' '), row.help, "\n");
    return out;
}

std::string commands_text() {
    std::vector<Row> rows;
    for (const Command* command : commands())
        if (!command->hidden && command->name.find(' ') == std::string_view::npos)
            rows.push_back({command->name, command->help});
    return rows_text(std::move(rows));
}

std::string nouns_text() {
    std::vector<Row> rows;
    for (const Noun& noun : nouns()) rows.push_back({noun.name, noun.help});
    return rows_text(std::move(rows));
}

// docker's own list: its words, then what they are about.
std::string docker_help(std::string_view program) {
    std::vector<Row> rows;
    for (const Command* command : commands())
        if (!command->hidden && !command->docker.empty() && command->docker.find(' ') == std::string_view::npos)
            rows.push_back({command->docker, command->help});
    rows.push_back({"compose", "Define and run multi-container applications"});
    return base::cat(
        "Usage:  ", program, " [OPTIONS] COMMAND\n\nContainers, images, networks and volumes by name\n\nCommands:\n",
        rows_text(std::move(rows)), "\nManagement Commands:\n", nouns_text(), "\nGlobal Options:\n",
        flags_text(shown(docker_flags())), "\nRun '", program, " COMMAND --help' for more information on a command.\n");
}

std::string program_help(std::string_view program) {
    return base::cat("Usage:  ", program,
                     " [OPTIONS] COMMAND\n\nDefine and run multi-container applications\n\nOptions:\n",
                     flags_text(shown(global_flags())), "\nCommands:\n", commands_text(),
                     program == "tutti" ? base::cat("\nSingle things by name:\n", nouns_text()) : std::string(),
                     "\nRun '", program, " COMMAND --help' for more information on a command.\n");
}

std::string aliases_text(const Command& command, Dialect dialect) {
    std::vector<std::string_view> names(command.aliases.begin(), command.aliases.end());
    if (dialect == Dialect::docker && !command.docker.empty() && command.docker != command.name &&
        std::ranges::find(names, command.docker) == names.end())
        names.push_back(command.docker);
    if (names.empty()) return {};
    std::string out = base::cat("Aliases:\n  ", command.name);
    for (const std::string_view name : names) out += base::cat(", ", name);
    return out + "\n\n";
}

}  // namespace

std::string help_text(const Command* command, std::string_view program, Dialect dialect) {
    if (!command) return dialect == Dialect::docker ? docker_help(program) : program_help(program);
    std::vector<const Flag*> flags = shown(command->flags);
    flags.push_back(find_flag(nullptr, "dry-run"));
    const std::string usage = base::replace_all(command->usage, "\n", base::cat("\n\t", program, " "));
    return base::cat("Usage:  ", program, " ", usage, "\n\n", command->help, "\n\n", aliases_text(*command, dialect),
                     "Options:\n", flags_text(std::move(flags)));
}

std::string help_text(const Noun& noun, std::string_view program) {
    std::vector<Row> rows;
    for (const Command* command : commands())
        if (!command->hidden && command->name.starts_with(noun.name) && command->name.size() > noun.name.size() &&
            command->name[noun.name.size()] == ' ')
            rows.push_back({command->name.substr(noun.name.size() + 1), command->help});
    return base::cat("Usage:  ", program, " ", noun.name, " COMMAND\n\n", noun.help, "\n\nCommands:\n",
                     rows_text(std::move(rows)), "\nRun '", program, " ", noun.name,
                     " COMMAND --help' for more information on a command.\n");
}

}  // namespace tutti::cli
