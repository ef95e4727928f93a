#include "doc/yaml_text.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tutti::doc {

namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

Mark place(std::string_view text, std::size_t offset, std::uint32_t file) {
    offset = std::min(offset, text.size());
    const auto before = text.substr(0, offset);
    const auto lines = static_cast<std::size_t>(std::ranges::count(before, '\n'));
    const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    std::size_t column = 1;
    for (const char c : before.substr(start)) column += continues_character(c) ? 0 : 1;
    return {lines + 1, column, file};
}

// DEL and the C1 controls become characters that libyaml takes: those at the end of the last private plane.
constexpr char32_t stand_in_base = 0x10FF00;

std::string stand_in(unsigned char control) {
    const char32_t code = stand_in_base + control;
    return {static_cast<char>(0xF0 | (code >> 18)), static_cast<char>(0x80 | ((code >> 12) & 0x3F)),
            static_cast<char>(0x80 | ((code >> 6) & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
}

// The control character at `i` (DEL, or U+0080…U+009F but NEL, which libyaml knows), else 0.
unsigned char control_at(std::string_view text, std::size_t i) {
    constexpr unsigned char del = 0x7F, c1_from = 0x80, c1_to = 0x9F, nel = 0x85;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == del) return del;
    if (byte != 0xC2 || i + 1 == text.size()) return 0;
    const auto second = static_cast<unsigned char>(text[i + 1]);
    return second >= c1_from && second <= c1_to && second != nel ? second : 0;
}

std::string with_stand_ins(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const unsigned char control = control_at(text, i);
        if (control == 0) {
            out += text[i];
            continue;
        }
        out += stand_in(control);
        if (control != 0x7F) ++i;
    }
    return out;
}

}  // namespace

YamlText::YamlText(std::string_view text) : text_(text) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return;  // UTF-16
    has_controls_ = text.find('\x7F') != std::string_view::npos;
    for (auto i = text.find('\xC2'); i != std::string_view::npos && !has_controls_; i = text.find('\xC2', i + 1))
        has_controls_ = control_at(text, i) != 0;
    if (!has_controls_) return;
    copy_ = with_stand_ins(text);
    text_ = copy_;
}

std::string YamlText::restored(std::string_view value) const {
    std::string out(value);
    for (unsigned control = 0x7F; control <= 0x9F; ++control) {
        const auto byte = static_cast<char>(control);
        const std::string back = control == 0x7F ? std::string(1, byte) : std::string{'\xC2', byte};
        out = base::replace_all(out, stand_in(static_cast<unsigned char>(control)), back);
    }
    return out;
}

std::size_t YamlText::offset(Mark mark) const {
    std::size_t at = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    for (std::uint32_t line = 1; line < mark.line; ++line) {
        const std::size_t end = text_.find('\n', at);
        if (end == std::string_view::npos) return text_.size();
        at = end + 1;
    }
    for (std::uint32_t column = 1; column < mark.column && at < text_.size(); ++column) {
        ++at;
        while (at < text_.size() && continues_character(text_[at])) ++at;
    }
    return at;
}

std::string_view YamlText::line(Mark mark) const {
    const std::string_view rest = text_.substr(std::min(offset({mark.line, 1}), text_.size()));
    return rest.substr(0, rest.find('\n'));
}

Mark YamlText::mark_of_offset(std::size_t offset, std::uint32_t file) const {
    return original(place(text_, offset, file));
}

Mark YamlText::original(Mark mark) const {
    for (const Mark& place : longer_)
        if (place.line == mark.line && place.column + 2 < mark.column)
            mark.column = static_cast<std::uint16_t>(mark.column - 2);
    return mark;
}

bool YamlText::rewrite_quote_escape(Mark at) {
    constexpr std::size_t most = 256;  // scalars and quotes; each costs a new reading
    std::size_t i = offset(at);
    if (i > 0 && i < text_.size() && text_[i] == '\'') --i;  // libyaml points at the quote or before it
    if (!text_.substr(std::min(i, text_.size())).starts_with("\\'") || longer_.size() > most) return false;
    std::string out(text_.substr(0, i));
    for (; i < text_.size() && text_[i] != '"'; ++i) {
        out += text_[i];
        if (text_[i] != '\\' || i + 1 == text_.size()) continue;
        ++i;
        if (text_[i] == '\'') {
            longer_.push_back(original(place(out, out.size() - 1, 0)));
            out += "x27";
        } else {
            out += text_[i];
        }
    }
    out += text_.substr(i);
    copy_ = std::move(out);
    text_ = copy_;
    return true;
}

std::optional<EncodingFault> encoding_fault(std::string_view text, std::uint32_t file) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return std::nullopt;
    const auto offset = base::invalid_utf8_at(text);
    if (!offset) return std::nullopt;
    const auto byte = static_cast<unsigned char>(text[*offset]);
    return EncodingFault{place(text, *offset, file),
                         base::cat("invalid UTF-8 at byte ", *offset, " (0x", base::to_hex(std::span(&byte, 1)), ")"),
                         "save the file as UTF-8"};
}

std::string yaml_hint(std::string_view problem, std::string_view line, Mark at) {
    struct Hint {
        std::string_view problem, hint;
    };
    static constexpr std::array hints{
        Hint{"violates indentation", "a tab indents this line; YAML wants blanks"},
        Hint{"mapping values are not allowed",
             "quote the value if it contains ': ', or check the indentation of this line"},
        Hint{"did not find expected key", "is this line indented like the keys above it, and every quote closed?"},
        Hint{"did not find expected '-'", "is this line indented like the items above it?"},
        Hint{"could not find expected ':'", "a key needs a colon and a blank after it, as in `key: value`"},
        Hint{"unexpected end of stream", "a quote that was opened is never closed"},
        Hint{"unknown escape character", "in double quotes write \\\\ for a backslash, or use single quotes"},
        Hint{"did not find expected ',' or", "a bracket that was opened is never closed"},
        Hint{"block sequence entries are not allowed", "a list starts on its own line, below its key"},
    };
    std::size_t i = 0;
    for (std::uint32_t column = 1; column < at.column && i < line.size(); ++column) {
        ++i;
        while (i < line.size() && continues_character(line[i])) ++i;
    }
    const std::string_view indent = line.substr(0, line.find_first_not_of(" \t"));
    if (indent.find('\t') != std::string_view::npos) return std::string(hints[0].hint);
    if (problem.find("cannot start any token") != std::string_view::npos && i < line.size())
        return base::cat("quote the value: YAML reserves '", line[i], "' at its start");
    if (problem.find("expected ',' or") != std::string_view::npos && line.find("${") != std::string_view::npos)
        return "between brackets a variable stands in quotes: \"${NAME}\"";
    for (const Hint& hint : hints)
        if (problem.find(hint.problem) != std::string_view::npos) return std::string(hint.hint);
    return {};
}

std::optional<std::string> from_base64(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    std::size_t digits = 0, padding = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r') continue;
        const std::size_t value = alphabet.find(c);
        if (c == '=') {
            ++padding;
        } else if (value == std::string_view::npos || padding > 0) {
            return std::nullopt;
        }
        bits = (bits << 6) | static_cast<std::uint32_t>(c == '=' ? 0 : value);
        if (++digits % 4 != 0) continue;
        for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>((bits >> shift) & 0xFF);
        bits = 0;
    }
    if (digits % 4 != 0 || padding > 2) return std::nullopt;
    out.resize(out.size() - padding);
    return out;
}

}  // namespace tutti::doc
