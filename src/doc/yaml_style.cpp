#include "doc/yaml_style.h"

#include <string>

#include "base/text.h"
#include "doc/yaml_scalar.h"

namespace tutti::doc {

std::size_t width_of(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x80 ? 1 : (byte & 0xE0) == 0xC0 ? 2 : (byte & 0xF0) == 0xE0 ? 3 : 4;
}

bool is_break(std::string_view text, std::size_t i) {
    const std::string_view rest = text.substr(i);
    return rest[0] == '\n' || rest[0] == '\r' || rest.starts_with("\xC2\x85") || rest.starts_with("\xE2\x80\xA8") ||
           rest.starts_with("\xE2\x80\xA9");
}

namespace {

bool is_blank_or_end(std::string_view text, std::size_t i) {
    return i >= text.size() || text[i] == ' ' || text[i] == '\t' || is_break(text, i);
}

}  // namespace

// What the emitter of Compose's YAML library holds printable: no control characters, nothing beyond the BMP.
bool is_printable(std::string_view text, std::size_t i) {
    const auto byte = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U; };
    const unsigned first = byte(0);
    if (first == 0x0A || (first >= 0x20 && first <= 0x7E)) return true;
    if (first == 0xC2) return byte(1) >= 0xA0;
    if (first > 0xC2 && first < 0xED) return true;
    if (first == 0xED) return byte(1) < 0xA0;
    if (first == 0xEE) return true;
    if (first != 0xEF) return false;
    const bool bom = byte(1) == 0xBB && byte(2) == 0xBF;
    const bool non_character = byte(1) == 0xBF && (byte(2) == 0xBE || byte(2) == 0xBF);
    return !bom && !non_character;
}

namespace {

bool has_indicator(std::string_view text) {
    if (text.starts_with("---") || text.starts_with("...")) return true;
    if (std::string_view("#,[]{}&*!|>'\"%@`").find(text[0]) != std::string_view::npos) return true;
    if ((text[0] == '?' || text[0] == ':' || text[0] == '-') && is_blank_or_end(text, 1)) return true;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == ':' && is_blank_or_end(text, i + 1)) return true;
        if (text[i] != '#') continue;
        std::size_t before = i - 1;
        while (before > 0 && (static_cast<unsigned char>(text[before]) & 0xC0) == 0x80) --before;
        if (is_blank_or_end(text, before)) return true;
    }
    return false;
}

}  // namespace

Allowed analyse(std::string_view text) {
    Allowed allowed;
    if (text.empty()) {
        allowed.block = false;
        return allowed;
    }
    bool special = false, tabs = false, space_break = false, break_space = false;
    bool after_space = false, after_break = false;
    for (std::size_t i = 0; i < text.size(); i += width_of(text[i])) {
        tabs |= text[i] == '\t';
        special |= text[i] != '\t' && !is_printable(text, i);
        const bool space = text[i] == ' ', line_break = is_break(text, i);
        break_space |= space && after_break;
        space_break |= line_break && after_space;
        allowed.multiline |= line_break;
        after_space = space;
        after_break = line_break;
    }
    const bool edges = text.front() == ' ' || is_break(text, 0) || after_space || after_break;
    allowed.plain =
        !edges && !break_space && !space_break && !tabs && !special && !allowed.multiline && !has_indicator(text);
    allowed.single_quoted = !break_space && !space_break && !tabs && !special;
    allowed.block = !after_space && !space_break && !special;
    return allowed;
}

namespace {

bool all_of(std::string_view text, std::string_view set) {
    return text.find_first_not_of(set) == std::string_view::npos;
}

// Base 60 numbers, YAML 1.1 booleans and the merge key: quoted for the sake of other readers.
bool is_old_sexagesimal(std::string_view text) {
    if (text.empty() || text.find(':') == std::string_view::npos) return false;
    if (text[0] == '+' || text[0] == '-') text.remove_prefix(1);
    const auto parts = base::split(text, ':');
    constexpr std::string_view digits = "0123456789", digits_and_underscore = "0123456789_";
    if (parts[0].empty() || digits.find(parts[0][0]) == std::string_view::npos ||
        !all_of(parts[0], digits_and_underscore))
        return false;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        std::string_view part = parts[i];
        const std::size_t dot = part.find('.');
        if (dot != std::string_view::npos) {
            if (i + 1 != parts.size() || !all_of(part.substr(dot + 1), digits_and_underscore)) return false;
            part = part.substr(0, dot);
        }
        if (part.empty() || part.size() > 2 || !all_of(part, digits) || (part.size() == 2 && part[0] > '5'))
            return false;
    }
    return true;
}

bool needs_quotes_for_others(std::string_view text) {
    constexpr std::size_t longest = 3;
    if (text.size() <= longest) {
        const std::string lower = base::to_lower(text);
        for (const std::string_view word : {"y", "yes", "on", "n", "no", "off"}) {
            if (lower != word) continue;
            // YES, Yes and yes, but not yEs.
            if (text == word || all_of(text, "YESNOF") || all_of(text.substr(1), "yesnof")) return true;
        }
        if (text == "<<") return true;
    }
    return is_old_sexagesimal(text);
}

bool only_space(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); i += width_of(text[i])) {
        const std::string_view rest = text.substr(i);
        if (std::string_view(" \t\n\v\f\r").find(rest[0]) != std::string_view::npos) continue;
        if (rest.starts_with("\xC2\x85") || rest.starts_with("\xC2\xA0") || rest.starts_with("\xE2\x80\xA8") ||
            rest.starts_with("\xE2\x80\xA9") || rest.starts_with("\xE3\x80\x80"))
            continue;
        return false;
    }
    return true;
}

}  // namespace

Style style_for(std::string_view text) {
    if (text.find('\n') != std::string_view::npos)
        return text.size() < 2 || only_space(text) ? Style::double_quoted : Style::literal;
    if (needs_quotes_for_others(text)) return Style::single_quoted;
    return scalar_type(text) == ScalarType::text ? Style::plain : Style::double_quoted;
}

namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = (bits << 8) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            out += i + k <= bytes.size() ? base64_digits[(bits >> (18 - 6 * k)) & 63] : '=';
    }
    constexpr std::size_t line = 70;
    for (std::size_t i = line; i < out.size(); i += line + 1) out.insert(i, 1, '\n');
    return out;
}

}  // namespace tutti::doc
