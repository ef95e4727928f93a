#include "base/bytes.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/text.h"

namespace tutti::base {

namespace {

std::optional<double> parse_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

// Steps of 1024 for k, m, g, t, p; an unknown letter gives 0.
double multiplier(char unit) {
    constexpr std::string_view units = "kmgtp";
    const std::size_t index = units.find(unit);
    return index == std::string_view::npos ? 0 : std::ldexp(1.0, 10 * static_cast<int>(index + 1));
}

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text) {
    const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
    if (const auto whole = to_int(plus ? text.substr(1) : text)) return Bytes{*whole};

    const std::size_t last = text.find_last_of("0123456789. ");
    if (last == std::string_view::npos) return std::nullopt;
    const std::optional<double> number = parse_number(text.substr(0, text[last] == ' ' ? last : last + 1));
    if (!number || *number < 0) return std::nullopt;

    const std::string suffix = to_lower(text.substr(last + 1));
    double size = *number;
    if (!suffix.empty() && suffix != "b") {
        const double factor = multiplier(suffix[0]);
        const std::string_view rest = std::string_view(suffix).substr(1);
        if (factor == 0 || !(rest.empty() || rest == "b" || rest == "ib")) return std::nullopt;
        size *= factor;
    }
    if (size >= 0x1p63) return Bytes{std::numeric_limits<std::int64_t>::min()};  // what the conversion gives Docker
    return Bytes{static_cast<std::int64_t>(size)};
}

}  // namespace tutti::base
