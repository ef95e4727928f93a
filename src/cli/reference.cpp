// reference: the whole command table as a man page or as Markdown.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace tutti::cli {

namespace {

using base::cat;

struct Section {
    std::string_view title, help;
    std::vector<const Command*> commands;
};

// Commands on projects first, then those on single things, noun by noun.
std::vector<Section> sections() {
    std::vector<Section> out{{"COMMANDS", "On the services of a project", {}}};
    for (const Noun& noun : nouns()) out.push_back({noun.name, noun.help, {}});
    for (const Command* command : commands()) {
        if (command->hidden) continue;
        const auto blank = command->name.find(' ');
        const auto noun = std::ranges::find(out, command->name.substr(0, blank), &Section::title);
        (blank == std::string_view::npos || noun == out.end() ? out.front() : *noun).commands.push_back(command);
    }
    for (Section& section : out) std::ranges::sort(section.commands, {}, &Command::name);
    return out;
}

std::string type_of(const Flag& flag) {
    if (!flag.type.empty()) return std::string(flag.type);
    switch (flag.kind) {
        case FlagKind::boolean: return {};
        case FlagKind::integer: return "int";
        default: return "string";
    }
}

std::string flag_name(const Flag& flag) {
    const std::string type = type_of(flag);
    return cat(flag.letter ? cat("-", flag.letter, ", ") : std::string(), "--", flag.name,
               type.empty() ? std::string() : cat(" ", type));
}

std::string one_line(std::string_view text) { return base::replace_all(text, "\n", " "); }

std::vector<const Flag*> shown(std::span<const Flag> flags) {
    std::vector<const Flag*> out;
    for (const Flag& flag : flags)
        if (!flag.hidden) out.push_back(&flag);
    std::ranges::sort(out, {}, &Flag::name);
    return out;
}

std::string fallback_of(const Flag& flag) {
    return flag.fallback.empty() || flag.fallback == "false" ? std::string() : cat(" (default ", flag.fallback, ")");
}

// roff: a backslash, a hyphen that is typed, and a dot or an apostrophe that begins a line mean something.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : one_line(text)) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if ((c == '.' || c == '\'') && out.empty())
            out += cat("\\&", c);
        else
            out.push_back(c);
    }
    return out;
}

std::string flags_as_roff(std::span<const Flag> flags) {
    std::string out;
    for (const Flag* flag : shown(flags))
        out += cat(".TP\n.B ", roff(flag_name(*flag)), "\n", roff(cat(flag->help, fallback_of(*flag))), "\n");
    return out;
}

std::string as_man_page(const Session& session) {
    std::string out =
        cat(".TH TUTTI 1 \"\" \"tutti ", session.version,
            "\" \"User Commands\"\n.SH NAME\ntutti \\- containers of Compose files, without a daemon\n.SH "
            "SYNOPSIS\n.B tutti\n[OPTIONS] COMMAND\n.br\n.B tutti docker\n[OPTIONS] COMMAND\n.SH OPTIONS\n",
            flags_as_roff(global_flags()));
    for (const Section& section : sections()) {
        std::string title(section.title);
        std::ranges::transform(title, title.begin(),
                               [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        out += cat(".SH ", title, "\n", roff(section.help), "\n");
        for (const Command* command : section.commands)
            out +=
                cat(".SS tutti ", roff(command->usage), "\n", roff(command->help), "\n", flags_as_roff(command->flags));
    }
    return out +
           ".SH EXIT STATUS\n0: done. 1: failed, or a faulty command line. 125, 126, 127: run could not start its "
           "process, as docker run. 130: interrupted. exec, run, up \\-\\-exit\\-code\\-from: the process's own.\n";
}

std::string markdown(std::string_view text) {
    return base::replace_all(base::replace_all(one_line(text), "|", "\\|"), "<", "&lt;");
}

std::string as_markdown() {
    const auto flags = [](std::span<const Flag> all) {
        std::string out = "| flag | |\n|---|---|\n";
        for (const Flag* flag : shown(all))
            out += cat("| `", base::replace_all(flag_name(*flag), "|", "\\|"), "` | ",
                       markdown(cat(flag->help, fallback_of(*flag))), " |\n");
        return out + "\n";
    };
    std::string out = cat("# Commands\n\n## Flags before the command\n\n", flags(global_flags()));
    for (const Section& section : sections()) {
        out += cat("## ", section.title == "COMMANDS" ? "On projects" : section.title, "\n\n", section.help, ".\n\n");
        for (const Command* command : section.commands) {
            out += cat("### tutti ", command->name, "\n\n    tutti ", command->usage, "\n\n", markdown(command->help),
                       ".");
            if (!command->docker.empty()) out += cat(" As `docker ", command->docker, "`.");
            out += "\n\n";
            if (!shown(command->flags).empty()) out += flags(command->flags);
        }
    }
    return out;
}

int reference(const Arguments& arguments, Session& session) {
    const std::string& form = arguments.rest()[0];
    if (form != "man" && form != "markdown")
        throw base::Error(base::ErrorKind::invalid, cat("there is no reference as ", form), "man or markdown");
    session.out(form == "man" ? as_man_page(session) : as_markdown());
    return 0;
}

}  // namespace

constinit const Command reference_command{
    .name = "reference",
    .usage = "reference man|markdown",
    .help = "Print all commands and flags as a man page or as Markdown",
    .run = reference,
    .least = 1,
    .most = 1,
    .heeds_global_flags = false,
    .reads_project = false,
};

}  // namespace tutti::cli
