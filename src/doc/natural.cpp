#include <algorithm>
#include <string>

#include "doc/yaml.h"

namespace tutti::doc {

namespace {

std::u32string decode(std::string_view text) {
    std::u32string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const std::size_t width = byte < 0x80 ? 1 : (byte & 0xE0) == 0xC0 ? 2 : (byte & 0xF0) == 0xE0 ? 3 : 4;
        constexpr unsigned masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
        char32_t code = byte & masks[width];
        for (std::size_t k = 1; k < width && i + k < text.size(); ++k)
            code = (code << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3F);
        out += code;
        i += width;
    }
    return out;
}

bool digit(char32_t c) { return c >= '0' && c <= '9'; }

// Beyond ASCII nearly all characters of names are letters.
bool letter(char32_t c) {
    constexpr char32_t latin = 0xC0, general_punctuation = 0x2000, cjk = 0x2E80, emoji = 0x1F000, after_emoji = 0x20000;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    if (c == 0xAA || c == 0xB5 || c == 0xBA) return true;
    if (c < latin || c == 0xD7 || c == 0xF7) return false;
    if (c >= general_punctuation && c < cjk) return false;
    return c < emoji || c >= after_emoji;
}

template <class Text>
bool less(const Text& a, const Text& b) {
    bool after_digits = false;
    const auto at = [](const Text& text, std::size_t i) { return static_cast<char32_t>(text[i]); };
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
        if (a[i] == b[i]) {
            after_digits = digit(at(a, i));
            continue;
        }
        const bool a_letter = letter(at(a, i)), b_letter = letter(at(b, i));
        if (a_letter && b_letter) return at(a, i) < at(b, i);
        if (a_letter || b_letter) return after_digits ? a_letter : b_letter;
        std::uint64_t a_number = 0, b_number = 0;
        if (a[i] == '0' || b[i] == '0') {
            for (std::size_t j = i; j > 0 && digit(at(a, j - 1)); --j) {
                if (a[j - 1] == '0') continue;
                a_number = b_number = 1;
                break;
            }
        }
        std::size_t a_end = i, b_end = i;
        for (; a_end < a.size() && digit(at(a, a_end)); ++a_end) a_number = a_number * 10 + (at(a, a_end) - '0');
        for (; b_end < b.size() && digit(at(b, b_end)); ++b_end) b_number = b_number * 10 + (at(b, b_end) - '0');
        if (a_number != b_number) return static_cast<std::int64_t>(a_number) < static_cast<std::int64_t>(b_number);
        if (a_end != b_end) return a_end < b_end;
        return at(a, i) < at(b, i);
    }
    return a.size() < b.size();
}

bool ascii(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
    return ascii(a) && ascii(b) ? less(a, b) : less(decode(a), decode(b));
}

void sort_naturally(Node& map) {
    std::ranges::sort(map.entries(), {}, &Entry::key);  // first by bytes, as the natural order is not total
    std::ranges::stable_sort(map.entries(), natural_less, &Entry::key);
}

}  // namespace tutti::doc
