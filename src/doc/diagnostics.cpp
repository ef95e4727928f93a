#include "doc/diagnostics.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"

namespace tutti::doc {

namespace {

std::string origin_note(const Origin& origin) {
    switch (origin.how) {
        case Origin::How::overrode:
            return base::cat("this overrides ", origin.text.empty() ? "an earlier value" : origin.text);
        case Origin::How::extended_from: return base::cat("service extended from ", origin.text);
        case Origin::How::included_from: return base::cat("included from ", origin.text);
        case Origin::How::interpolated: return base::cat("interpolated from ", origin.text);
        case Origin::How::merged_key: return "merged in by '<<' here";
        case Origin::How::alias: return "used through the alias here";
    }
    return {};
}

constexpr std::size_t most_notes = 16;

Diagnostic& with_origins(Diagnostic& diagnostic, const Node& node) {
    for (const Origin* origin = node.origin().get(); origin && diagnostic.notes.size() < most_notes;
         origin = origin->before.get())
        diagnostic.with_note(origin->mark, origin_note(*origin));
    return diagnostic;
}

// Bytes of a line before the character `column` (from 1).
std::size_t bytes_before(std::string_view line, std::size_t column) {
    std::size_t i = 0;
    for (std::size_t characters = 1; characters < column && i < line.size(); ++characters) {
        ++i;
        while (i < line.size() && (static_cast<unsigned char>(line[i]) & 0xC0) == 0x80) ++i;
    }
    return i;
}

constexpr std::size_t longest_line = 160;

// The source line and the caret under it; long lines are cut around the place.
std::string excerpt(const Sources& sources, Mark mark, std::uint32_t width) {
    std::string_view line = sources.line(mark);
    if (line.empty()) return {};
    std::size_t at = bytes_before(line, std::max<std::size_t>(mark.column, 1));
    if (line.size() > longest_line) {
        const std::size_t from = at > longest_line / 2 ? bytes_before(line, mark.column - longest_line / 2) : 0;
        line = line.substr(std::min(from, at), longest_line);
        at -= std::min(from, at);
        while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0x80) != 0) line.remove_suffix(1);
    }
    std::string out = base::cat("    ", line, "\n    ");
    for (std::size_t i = 0; i < at && i < line.size(); ++i)  // tabs stay tabs, so that the caret stands right
        if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80) out += line[i] == '\t' ? '\t' : ' ';
    out += '^';
    for (std::uint32_t i = 1; i < width && at + i < line.size(); ++i) out += '~';
    return out + '\n';
}

std::string indent_lines(std::string_view text, std::string_view indent) {
    return base::replace_all(text, "\n", base::cat("\n", indent));
}

struct Colours {
    std::string_view error, warning, note, bold, off;
};
constexpr Colours no_colours{};
constexpr Colours ansi{"\x1b[1;31m", "\x1b[1;35m", "\x1b[1;36m", "\x1b[1m", "\x1b[0m"};

std::string_view word(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

std::string one(const Diagnostic& diagnostic, const Sources& sources, const Colours& colours) {
    const auto place = [&](Mark mark) {
        const std::string text = sources.to_text(mark);
        return text.empty() ? text : base::cat(colours.bold, text, ":", colours.off, " ");
    };
    const auto paint = diagnostic.severity == Severity::error ? colours.error : colours.warning;
    std::string out =
        base::cat(place(diagnostic.mark), paint, word(diagnostic.severity), ":", colours.off, " ",
                  indent_lines(diagnostic.message, "  "), "\n", excerpt(sources, diagnostic.mark, diagnostic.width));
    if (!diagnostic.hint.empty())
        out += base::cat("  ", colours.note, "hint:", colours.off, " ", indent_lines(diagnostic.hint, "    "), "\n");
    for (const Note& note : diagnostic.notes)
        out += base::cat("  ", place(note.mark), colours.note, "note:", colours.off, " ",
                         indent_lines(note.text, "    "), "\n");
    return out;
}

void set_place(Node& out, Mark mark, const Sources& sources) {
    if (!mark || mark.file >= sources.size()) return;
    out.set("file", Node(sources.name(mark.file)));
    out.set("line", Node(std::int64_t{mark.line}));
    out.set("column", Node(std::int64_t{mark.column}));
}

}  // namespace

std::uint32_t Sources::add(std::string name, std::string text) {
    files_.push_back({std::move(name), std::move(text)});
    return static_cast<std::uint32_t>(files_.size() - 1);
}

std::string_view Sources::line(Mark mark) const {
    if (!mark || mark.file >= files_.size()) return {};
    std::string_view rest = text(mark.file);
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    for (std::uint32_t line = 1; line < mark.line; ++line) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) return {};
        rest.remove_prefix(end + 1);
    }
    rest = rest.substr(0, rest.find('\n'));
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    return rest;
}

std::string Sources::to_text(Mark mark) const {
    if (!mark || mark.file >= files_.size()) return {};
    if (mark.column == 0) return base::cat(name(mark.file), ":", mark.line);
    return base::cat(name(mark.file), ":", mark.line, ":", mark.column);
}

Diagnostic& Diagnostics::add(Severity severity, Mark mark, std::string message) {
    errors_ += severity == Severity::error;
    Diagnostic& added = all_.emplace_back();
    added.severity = severity;
    added.mark = mark;
    added.message = std::move(message);
    return added;
}

Diagnostic& Diagnostics::error(Mark mark, std::string message) {
    return add(Severity::error, mark, std::move(message));
}
Diagnostic& Diagnostics::warning(Mark mark, std::string message) {
    return add(Severity::warning, mark, std::move(message));
}
Diagnostic& Diagnostics::error(const Node& at, std::string message) {
    return with_origins(error(at.mark(), std::move(message)), at);
}
Diagnostic& Diagnostics::warning(const Node& at, std::string message) {
    return with_origins(warning(at.mark(), std::move(message)), at);
}

void Diagnostics::append(Diagnostics other) {
    errors_ += other.errors_;
    for (Diagnostic& diagnostic : other.all_) all_.push_back(std::move(diagnostic));
}

void Diagnostics::append_elsewhere(Diagnostics other) {
    const auto place = [](Mark mark) { return std::tuple(mark.file, mark.line, mark.column); };
    std::set<std::tuple<std::uint16_t, std::uint32_t, std::uint16_t>> known;
    for (const Diagnostic& diagnostic : all_)
        if (diagnostic.severity == Severity::error && diagnostic.mark) known.insert(place(diagnostic.mark));
    for (Diagnostic& diagnostic : other.all_) {
        if (known.contains(place(diagnostic.mark))) continue;
        errors_ += diagnostic.severity == Severity::error;
        all_.push_back(std::move(diagnostic));
    }
}

std::string to_text(const Diagnostics& diagnostics, const Sources& sources, bool colour) {
    std::string out;
    std::set<std::string> printed;
    for (const Diagnostic& diagnostic : diagnostics.all()) {
        std::string text = one(diagnostic, sources, colour ? ansi : no_colours);
        if (printed.insert(text).second) out += text;
    }
    return out;
}

Node to_node(const Diagnostics& diagnostics, const Sources& sources) {
    Node out = Node::list();
    for (const Diagnostic& diagnostic : diagnostics.all()) {
        Node item = Node::map();
        item.set("severity", Node(word(diagnostic.severity)));
        set_place(item, diagnostic.mark, sources);
        if (diagnostic.mark) item.set("width", Node(std::int64_t{diagnostic.width}));
        item.set("message", Node(diagnostic.message));
        if (!diagnostic.hint.empty()) item.set("hint", Node(diagnostic.hint));
        for (const Note& note : diagnostic.notes) {
            Node line = Node::map();
            set_place(line, note.mark, sources);
            line.set("text", Node(note.text));
            Node* notes = item.find("notes");
            (notes ? *notes : item.set("notes", Node::list())).push(std::move(line));
        }
        out.push(std::move(item));
    }
    return out;
}

}  // namespace tutti::doc
