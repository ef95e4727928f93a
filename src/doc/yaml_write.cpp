#include <algorithm>

#include "base/text.h"
#include "doc/go_text.h"
#include "doc/yaml.h"
#include "doc/yaml_scalar.h"
#include "doc/yaml_style.h"

namespace tutti::doc {

namespace {

class Writer {
  public:
    explicit Writer(const YamlOptions& options) : options_(options) {}

    std::string document(const Node& node) {
        value(node, Parent::root);
        indent_ = 0;
        write_indent();
        return std::move(out_);
    }

  private:
    enum class Parent { root, item, key, simple_value, value };

    // Deeper by one level for as long as it lives. Below a list item only the "- " is skipped.
    struct Deeper {
        Deeper(Writer& writer, Parent parent, bool scalar) : writer_(writer), before_(writer.indent_) {
            const int step = static_cast<int>(writer.options_.indent);
            if (before_ < 0)
                writer.indent_ = scalar ? step : 0;
            else
                writer.indent_ = parent == Parent::item ? before_ + 2 : step * ((before_ + step) / step);
        }
        Deeper(const Deeper&) = delete;
        Deeper& operator=(const Deeper&) = delete;
        ~Deeper() { writer_.indent_ = before_; }
        Writer& writer_;
        int before_;
    };

    void value(const Node& node, Parent parent) {
        switch (node.kind()) {
            case Kind::null: return scalar("null", Style::plain, parent);
            case Kind::boolean: return scalar(node.as_bool() ? "true" : "false", Style::plain, parent);
            case Kind::integer: return scalar(go_text(node), Style::plain, parent);
            case Kind::real: return scalar(go_text(node.as_real()), Style::plain, parent);
            case Kind::text:
                if (node.tag() == Tag::timestamp) return scalar(rfc3339(node.as_text()), Style::plain, parent);
                return text(node.as_text(), parent);
            case Kind::list: return list(node, parent);
            case Kind::map: return map(node, parent);
        }
    }

    void list(const Node& node, Parent parent) {
        if (node.items().empty()) return empty('[', ']');
        const Deeper deeper(*this, parent, false);
        for (const Node& item : node.items()) {
            write_indent();
            indicator("-", true, true);
            value(item, Parent::item);
        }
    }

    void map(const Node& node, Parent parent) {
        if (node.entries().empty()) return empty('{', '}');
        const Deeper deeper(*this, parent, false);
        if (options_.sort_keys) {
            std::vector<const Entry*> sorted;
            for (const Entry& one : node.entries()) sorted.push_back(&one);
            std::ranges::sort(sorted, {}, [](const Entry* one) -> const std::string& { return one->key; });
            std::ranges::stable_sort(sorted, natural_less,
                                     [](const Entry* one) -> std::string_view { return one->key; });
            for (const Entry* one : sorted) entry(*one);
        } else {
            for (const Entry& one : node.entries()) entry(one);
        }
    }

    void entry(const Entry& entry) {
        write_indent();
        constexpr std::size_t longest_simple_key = 128;
        if (entry.key.size() <= longest_simple_key && !analyse(entry.key).multiline) {
            text(entry.key, Parent::key);
            indicator(":", false, false);
            value(entry.value, Parent::simple_value);
        } else {
            indicator("?", true, true);
            text(entry.key, Parent::value);
            write_indent();
            indicator(":", true, true);
            value(entry.value, Parent::value);
        }
    }

    void empty(char open, char close) {
        indicator({&open, 1}, true, false);
        whitespace_ = true;
        indicator({&close, 1}, false, false);
    }

    void text(std::string_view text, Parent parent) {
        if (base::invalid_utf8_at(text)) {
            indicator("!!binary", true, false);
            const std::string encoded = to_base64(text);
            return scalar(encoded, encoded.find('\n') == std::string::npos ? Style::plain : Style::literal, parent);
        }
        scalar(text, style_for(text), parent);
    }

    void scalar(std::string_view text, Style style, Parent parent) {
        const bool simple_key = parent == Parent::key;
        const Allowed allowed = analyse(text);
        if (simple_key && allowed.multiline) style = Style::double_quoted;
        if (style == Style::plain && (!allowed.plain || (text.empty() && simple_key))) style = Style::single_quoted;
        if (style == Style::single_quoted && !allowed.single_quoted) style = Style::double_quoted;
        if (style == Style::literal && (!allowed.block || simple_key)) style = Style::double_quoted;
        const Deeper deeper(*this, parent, true);
        switch (style) {
            case Style::single_quoted: return single_quoted(text, !simple_key);
            case Style::double_quoted: return double_quoted(text, !simple_key);
            case Style::literal: return literal(text);
            default: return plain(text, !simple_key);
        }
    }

    bool too_wide() const { return column_ > static_cast<int>(options_.width); }

    static bool space_at(std::string_view text, std::size_t i) { return i < text.size() && text[i] == ' '; }

    void plain(std::string_view text, bool may_break) {
        if (!text.empty() && !whitespace_) put(' ');
        bool after_space = false;
        for (std::size_t i = 0; i < text.size();) {
            const bool space = text[i] == ' ';
            if (space && may_break && !after_space && too_wide() && !space_at(text, i + 1)) {
                write_indent();
                ++i;
            } else {
                put_character(text, i);
            }
            if (!space) indention_ = false;
            after_space = space;
        }
        if (!text.empty()) whitespace_ = false;
        indention_ = false;
    }

    void single_quoted(std::string_view text, bool may_break) {
        indicator("'", true, false);
        bool after_space = false, after_break = false;
        for (std::size_t i = 0; i < text.size();) {
            const bool space = text[i] == ' ', line_break = is_break(text, i);
            if (space && may_break && !after_space && too_wide() && i > 0 && i + 1 < text.size() &&
                !space_at(text, i + 1)) {
                write_indent();
                ++i;
            } else if (line_break) {
                if (!after_break && text[i] == '\n') put_break();
                put_line_break(text, i);
            } else {
                if (after_break && !space) write_indent();
                if (text[i] == '\'') put('\'');
                put_character(text, i);
                if (!space) indention_ = false;
            }
            after_space = space;
            after_break = line_break || (space && after_break);
        }
        indicator("'", false, false);
        whitespace_ = indention_ = false;
    }

    void double_quoted(std::string_view text, bool may_break) {
        indicator("\"", true, false);
        bool after_space = false;
        const bool all_escaped = text.starts_with("\xEF\xBB\xBF");  // so does the library
        for (std::size_t i = 0; i < text.size();) {
            if (all_escaped || !is_printable(text, i) || is_break(text, i) || text[i] == '"' || text[i] == '\\') {
                escape(text, i);
                after_space = false;
            } else if (text[i] == ' ') {
                if (may_break && !after_space && too_wide() && i > 0 && i + 1 < text.size()) {
                    write_indent();
                    if (space_at(text, i + 1)) put('\\');
                    ++i;
                } else {
                    put_character(text, i);
                }
                after_space = true;
            } else {
                put_character(text, i);
                after_space = false;
            }
        }
        indicator("\"", false, false);
        whitespace_ = indention_ = false;
    }

    void escape(std::string_view text, std::size_t& i) {
        const std::size_t width = width_of(text[i]);
        constexpr unsigned masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
        std::uint32_t code = static_cast<unsigned char>(text[i]) & masks[width];
        for (std::size_t k = 1; k < width; ++k) code = (code << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3F);
        i += width;
        put('\\');
        switch (code) {
            case 0x00: return put('0');
            case 0x07: return put('a');
            case 0x08: return put('b');
            case 0x09: return put('t');
            case 0x0A: return put('n');
            case 0x0B: return put('v');
            case 0x0C: return put('f');
            case 0x0D: return put('r');
            case 0x1B: return put('e');
            case 0x22: return put('"');
            case 0x5C: return put('\\');
            case 0x85: return put('N');
            case 0xA0: return put('_');
            case 0x2028: return put('L');
            case 0x2029: return put('P');
            default: break;
        }
        const int digits = code <= 0xFF ? 2 : code <= 0xFFFF ? 4 : 8;
        put(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) put("0123456789ABCDEF"[(code >> shift) & 15]);
    }

    void literal(std::string_view text) {
        indicator("|", true, false);
        if (text.front() == ' ') indicator(std::to_string(options_.indent), false, false);
        const std::string_view trimmed = text.substr(0, text.find_last_not_of('\n') + 1);
        if (trimmed.size() == text.size())
            indicator("-", false, false);
        else if (text.size() - trimmed.size() > 1 || trimmed.empty())
            indicator("+", false, false);
        put_break();
        whitespace_ = true;
        bool after_break = true;
        for (std::size_t i = 0; i < text.size();) {
            if (is_break(text, i)) {
                put_line_break(text, i);
                after_break = true;
            } else {
                if (after_break) write_indent();
                put_character(text, i);
                indention_ = false;
                after_break = false;
            }
        }
    }

    void indicator(std::string_view text, bool need_whitespace, bool is_indention) {
        if (need_whitespace && !whitespace_) put(' ');
        out_ += text;
        column_ += static_cast<int>(text.size());
        whitespace_ = false;
        indention_ = indention_ && is_indention;
    }

    void write_indent() {
        const int indent = std::max(indent_, 0);
        if (!indention_ || column_ > indent || (column_ == indent && !whitespace_)) put_break();
        if (column_ < indent) {
            out_.append(static_cast<std::size_t>(indent - column_), ' ');
            column_ = indent;
        }
        whitespace_ = true;
    }

    void put(char c) {
        out_ += c;
        ++column_;
    }

    void put_character(std::string_view text, std::size_t& i) {
        const std::size_t width = width_of(text[i]);
        out_ += text.substr(i, width);
        i += width;
        ++column_;
    }

    void put_break() {
        out_ += '\n';
        column_ = 0;
        indention_ = true;
    }

    void put_line_break(std::string_view text, std::size_t& i) {
        if (text[i] == '\n') {
            put_break();
            ++i;
            return;
        }
        put_character(text, i);
        column_ = 0;
        indention_ = true;
    }

    YamlOptions options_;
    std::string out_;
    int indent_ = -1;
    int column_ = 0;
    bool whitespace_ = true;  // the last character was one
    bool indention_ = true;   // only indentation stands on this line
};

}  // namespace

std::string write_yaml(const Node& node, const YamlOptions& options) { return Writer(options).document(node); }

}  // namespace tutti::doc
