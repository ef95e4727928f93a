#include "doc/go_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace tutti::doc {

namespace {

std::string map_text(const Node& value) {
    std::vector<const Entry*> sorted;
    for (const Entry& entry : value.entries()) sorted.push_back(&entry);
    std::ranges::sort(sorted, {}, [](const Entry* entry) -> const std::string& { return entry->key; });
    std::string out = "map[";
    for (const Entry* entry : sorted) {
        if (out.size() > 4) out += ' ';
        out += entry->key + ':' + go_text(entry->value);
    }
    return out + ']';
}

std::string list_text(const Node& value) {
    std::string out = "[";
    for (const Node& item : value.items()) {
        if (out.size() > 1) out += ' ';
        out += go_text(item);
    }
    return out + ']';
}

}  // namespace

// The shortest digits that read back as the same number, with an exponent outside 1e-4 … 1e6.
std::string go_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    std::array<char, 512> buffer{};
    const auto print = [&](std::chars_format format) {
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr;
        return std::string(buffer.data(), end);
    };
    const std::string scientific = print(std::chars_format::scientific);
    const std::size_t e = scientific.find('e');
    const int exponent = std::stoi(scientific.substr(e + 1));
    constexpr int exponent_from = 6, exponent_below = -4;
    if (exponent < exponent_below || exponent >= exponent_from) return scientific;
    return print(std::chars_format::fixed);
}

std::string go_text(const Node& value) {
    switch (value.kind()) {
        case Kind::null: return "<nil>";
        case Kind::boolean: return value.as_bool() ? "true" : "false";
        case Kind::integer:
            return value.tag() == Tag::unsigned_64 ? std::to_string(static_cast<std::uint64_t>(value.as_int()))
                                                   : std::to_string(value.as_int());
        case Kind::real: return go_text(value.as_real());
        case Kind::text: return value.as_text();
        case Kind::list: return list_text(value);
        case Kind::map: return map_text(value);
    }
    return {};
}

}  // namespace tutti::doc
