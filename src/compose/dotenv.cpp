#include "compose/dotenv.h"

#include <algorithm>

#include "base/text.h"
#include "compose/interpolate.h"
#include "compose/template.h"

namespace tutti::compose {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Length of the blank at the start of `text` (Unicode's white space, as Go has it), 0 if there is none.
std::size_t blank_at(std::string_view text) {
    if (text.empty()) return 0;
    if (std::string_view(" \t\n\v\f\r").find(text[0]) != std::string_view::npos) return 1;
    if (text.starts_with("\xC2\x85") || text.starts_with("\xC2\xA0")) return 2;
    for (const std::string_view wide :
         {"\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"})
        if (text.starts_with(wide)) return wide.size();
    const bool thin = text.starts_with("\xE2\x80") && text.size() > 2 && static_cast<unsigned char>(text[2]) <= 0x8A;
    return thin ? 3 : 0;
}

// The same within a line: of the wide ones only NEL and the no-break space.
std::size_t line_blank_at(std::string_view text) {
    if (text.starts_with('\n')) return 0;
    const std::size_t length = blank_at(text);
    return length <= 2 ? length : 0;
}

template <class BlankAt>
std::string_view trim_start(std::string_view text, BlankAt blank) {
    while (const std::size_t length = blank(text)) text.remove_prefix(length);
    return text;
}

std::string_view trim_end(std::string_view text) {
    while (!text.empty()) {
        std::size_t start = text.size() - 1;
        while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
        if (blank_at(text.substr(start)) != text.size() - start) break;
        text.remove_suffix(text.size() - start);
    }
    return text;
}

bool is_key_character(char c) {
    if ((static_cast<unsigned char>(c) & 0x80) != 0) return true;  // letters of all languages
    return is_name(c) || c == '.' || c == '-' || c == '[' || c == ']';
}

void append_utf8(std::string& out, unsigned code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

// `\0` and up to three digits. Three digits of at most 0377 are a character; else the zero alone goes away.
std::size_t expand_octal(std::string_view escape, std::string& out) {
    constexpr std::size_t most_digits = 3;
    constexpr unsigned most = 0377;
    std::size_t n = 0;
    unsigned code = 0;
    bool octal = true;
    while (n < most_digits && n + 2 < escape.size() && escape[n + 2] >= '0' && escape[n + 2] <= '9') {
        octal = octal && escape[n + 2] < '8';
        code = code * 8 + static_cast<unsigned>(escape[n + 2] - '0');
        ++n;
    }
    if (n == most_digits && octal && code <= most)
        append_utf8(out, code);
    else
        out += base::cat("\\", escape.substr(2, n));
    return n + 2;
}

// Escapes of a double-quoted value; `\$` becomes `$$`, which interpolation turns into a dollar.
std::string expand_escapes(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
        constexpr std::string_view letters = "abfnrtv\"\\", meant = "\a\b\f\n\r\t\v\"\\";
        if (next == '$') {
            out += "$$";
            i += 2;
        } else if (next == '0') {
            i += expand_octal(text.substr(i), out);
        } else if (next != '\0' && letters.find(next) != std::string_view::npos) {
            out += meant[letters.find(next)];
            i += 2;
        } else {
            out += text[i++];
        }
    }
    return out;
}

// Places in the file, found from left to right.
class Places {
  public:
    Places(std::string_view text, std::uint32_t file) : text_(text), file_(file) {}

    doc::Mark at(const char* where) {
        const auto offset = static_cast<std::size_t>(where - text_.data());
        if (offset < done_) return doc::Mark(line_, 1, file_);
        for (; done_ < offset && done_ < text_.size(); ++done_) {
            if (text_[done_] != '\n') continue;
            ++line_;
            line_start_ = done_ + 1;
        }
        return doc::Mark(line_, offset - line_start_ + 1, file_);
    }

  private:
    std::string_view text_;
    std::uint32_t file_;
    std::size_t done_ = 0, line_start_ = 0, line_ = 1;
};

class Reader {
  public:
    Reader(std::string_view text, std::uint32_t file, const Lookup& outer, Environment& out,
           doc::Diagnostics& diagnostics)
        : rest_(text), places_(text, file), outer_(outer), out_(out), diagnostics_(diagnostics) {}

    bool read() {
        while (skip_to_statement()) {
            std::string_view key;
            bool bare = false;
            const char* const start = rest_.data();
            if (!read_key(key, bare)) return false;
            if (key.find(' ') != std::string_view::npos)
                return fail(start, "key cannot contain a space", "write KEY=value, one a line");
            const doc::Mark mark = places_.at(start);
            if (bare) {
                if (const Variable* variable = outer_(key)) {
                    Variable copy = *variable;
                    out_.insert_or_assign(std::string(key), std::move(copy));
                }
                continue;
            }
            std::string value;
            if (!read_value(mark, value)) return false;
            out_.insert_or_assign(std::string(key), Variable{std::move(value), Variable::Source::env_file, mark});
        }
        return true;
    }

  private:
    bool skip_to_statement() {
        while (true) {
            rest_ = trim_start(rest_, blank_at);
            if (!rest_.starts_with('#')) return !rest_.empty();
            const std::size_t end = rest_.find('\n');
            rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end);
        }
    }

    // KEY= or KEY: or KEY alone on its line. A last line without any of those is a value without a name.
    bool read_key(std::string_view& key, bool& bare) {
        constexpr std::string_view word = "export";
        if (rest_.starts_with(word)) {
            const std::string_view after = rest_.substr(word.size());
            if (blank_at(after) == 1) rest_ = trim_start(after, line_blank_at);
        }
        std::size_t i = 0, next = 0;
        while (i < rest_.size()) {
            const char c = rest_[i];
            if (const std::size_t blank = line_blank_at(rest_.substr(i))) {
                i += blank;
            } else if (c == '=' || c == ':' || c == '\n') {
                key = rest_.substr(0, i);
                bare = c == '\n';
                next = i + 1;
                break;
            } else if (is_key_character(c)) {
                ++i;
            } else {
                return fail(rest_.data() + i,
                            base::cat("unexpected character \"", c, "\" in variable name \"",
                                      rest_.substr(0, rest_.find('\n')), "\""),
                            "names have letters, digits and _ . - [ ]");
            }
        }
        key = trim_end(key);
        rest_ = trim_start(rest_.substr(next), line_blank_at);
        return true;
    }

    bool read_value(doc::Mark mark, std::string& value) {
        if (rest_.starts_with('"') || rest_.starts_with('\'')) return read_quoted(mark, value);
        const std::size_t end = rest_.find('\n');
        std::string_view text = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
        text = trim_end(text.substr(0, text.find(" #")));
        return expand(text, mark, value);
    }

    bool read_quoted(doc::Mark mark, std::string& value) {
        const char quote = rest_[0];
        std::string text;
        bool escaped = false;
        for (std::size_t i = 1; i < rest_.size(); ++i) {
            const char c = rest_[i];
            if (c == '\\' && !escaped) {
                escaped = true;
                continue;
            }
            if (c == quote && !escaped) {
                rest_ = rest_.substr(i + 1);
                if (quote == '"') return expand(expand_escapes(text), mark, value);
                value = std::move(text);
                return true;
            }
            if (escaped && c != quote) text += '\\';
            escaped = false;
            text += c;
        }
        return fail(rest_.data(), base::cat("unterminated quoted value ", rest_.substr(0, rest_.find('\n'))),
                    base::cat("close it with ", quote));
    }

    bool expand(std::string_view text, doc::Mark mark, std::string& value) {
        if (text.find('$') == std::string_view::npos) {
            value = text;
            return true;
        }
        const Lookup lookup = [this](std::string_view name) {
            const Variable* variable = outer_(name);
            return variable ? variable : find(out_, name);
        };
        auto result = substitute(text, lookup, mark, "this value", diagnostics_);
        if (!result) return false;
        value = std::move(*result);
        return true;
    }

    bool fail(const char* where, std::string message, std::string hint) {
        diagnostics_.error(places_.at(where), std::move(message)).with_hint(std::move(hint));
        return false;
    }

    std::string_view rest_;
    Places places_;
    const Lookup& outer_;
    Environment& out_;
    doc::Diagnostics& diagnostics_;
};

std::string_view without_bom(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    return text;
}

}  // namespace

bool read_dotenv(std::string_view text, std::uint32_t file, const Lookup& outer, Environment& out,
                 doc::Diagnostics& diagnostics) {
    return Reader(without_bom(text), file, outer, out, diagnostics).read();
}

bool read_raw_env(std::string_view text, std::uint32_t file, const Lookup& outer, Environment& out,
                  doc::Diagnostics& diagnostics) {
    if (const auto bad = base::invalid_utf8_at(text)) {
        const auto line = static_cast<std::size_t>(std::ranges::count(text.substr(0, *bad), '\n')) + 1;
        diagnostics.error(doc::Mark(line, 0, file), base::cat("invalid utf8 bytes at line ", line));
        return false;
    }
    std::size_t number = 0;
    for (std::string_view line : base::split(without_bom(text), '\n')) {
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        line = trim_start(line, blank_at);
        if (line.empty() || line[0] == '#') continue;
        const doc::Mark mark(number, 1, file);
        const std::size_t equals = line.find('=');
        const std::string_view key = line.substr(0, equals);
        if (key.empty()) {
            diagnostics.error(mark, base::cat("no variable name on line '", line, "'"));
            return false;
        }
        if (key.find_first_of(" \t") != std::string_view::npos) {
            diagnostics.error(mark, base::cat("variable '", key, "' contains whitespaces"));
            return false;
        }
        if (equals != std::string_view::npos) {
            Variable variable{std::string(line.substr(equals + 1)), Variable::Source::env_file, mark};
            out.insert_or_assign(std::string(key), std::move(variable));
        } else if (const Variable* variable = outer(key)) {
            Variable copy = *variable;
            out.insert_or_assign(std::string(key), std::move(copy));
        }
    }
    return true;
}

}  // namespace tutti::compose
