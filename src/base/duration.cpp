#include "base/duration.h"

#include <array>
#include <cstdint>

#include "base/text.h"

namespace tutti::base {

namespace {

constexpr std::uint64_t limit = std::uint64_t{1} << 63;
constexpr std::uint64_t second = 1'000'000'000;

struct Unit {
    std::string_view name;
    std::uint64_t nanoseconds;
    bool go;  // known to Go itself
};

constexpr std::array<Unit, 10> units = {{{"ns", 1, true},
                                         {"us", 1'000, true},
                                         {"\xc2\xb5s", 1'000, true},  // micro sign
                                         {"\xce\xbcs", 1'000, true},  // Greek mu
                                         {"ms", 1'000'000, true},
                                         {"s", second, true},
                                         {"m", 60 * second, true},
                                         {"h", 3600 * second, true},
                                         {"d", 24 * 3600 * second, false},
                                         {"w", 7 * 24 * 3600 * second, false}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits at the front of `text`, taken off it; false when they overflow.
bool take_whole(std::string_view& text, std::uint64_t& value) {
    value = 0;
    while (!text.empty() && is_digit(text.front())) {
        if (value > limit / 10) return false;
        value = value * 10 + static_cast<std::uint64_t>(text.front() - '0');
        if (value > limit) return false;
        text.remove_prefix(1);
    }
    return true;
}

// The digits after a point; those that no longer fit are dropped.
struct Fraction {
    std::uint64_t value = 0;
    double scale = 1;
};
Fraction take_fraction(std::string_view& text) {
    Fraction fraction;
    bool full = false;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
        if (full || fraction.value > (limit - 1) / 10) {
            full = true;
            continue;
        }
        fraction.value = fraction.value * 10 + static_cast<std::uint64_t>(text.front() - '0');
        fraction.scale *= 10;
    }
    return fraction;
}

const Unit* take_unit(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && text[length] != '.' && !is_digit(text[length])) ++length;
    const std::string_view name = text.substr(0, length);
    text.remove_prefix(length);
    for (const Unit& unit : units)
        if (unit.name == name) return &unit;
    return nullptr;
}

std::optional<Duration> parse(std::string_view text, bool long_units) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text == "0") return Duration{0};
    if (text.empty()) return std::nullopt;

    std::uint64_t total = 0;
    while (!text.empty()) {
        std::uint64_t value = 0;
        const std::size_t before = text.size();
        if (!take_whole(text, value)) return std::nullopt;
        bool digits = text.size() != before;
        Fraction fraction;
        if (text.starts_with('.')) {
            text.remove_prefix(1);
            const std::size_t point = text.size();
            fraction = take_fraction(text);
            digits = digits || text.size() != point;
        }
        if (!digits) return std::nullopt;

        const Unit* unit = take_unit(text);
        if (unit == nullptr || (!unit->go && !long_units) || value > limit / unit->nanoseconds) return std::nullopt;
        value *= unit->nanoseconds;
        if (fraction.value > 0)
            value += static_cast<std::uint64_t>(static_cast<double>(fraction.value) *
                                                (static_cast<double>(unit->nanoseconds) / fraction.scale));
        total += value;
        if (value > limit || total > limit) return std::nullopt;
    }
    if (negative) return Duration{static_cast<std::int64_t>(0 - total)};
    if (total > limit - 1) return std::nullopt;
    return Duration{static_cast<std::int64_t>(total)};
}

// `value` divided by 10^digits, without zeros at the end: (1500, 3) → "1.5".
std::string decimal(std::uint64_t value, int digits) {
    std::string fraction;
    bool significant = false;
    for (int i = 0; i < digits; ++i, value /= 10) {
        significant = significant || value % 10 != 0;
        if (significant) fraction.insert(fraction.begin(), static_cast<char>('0' + value % 10));
    }
    return fraction.empty() ? cat(value) : cat(value, '.', fraction);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) { return parse(text, true); }

std::optional<Duration> parse_go_duration(std::string_view text) { return parse(text, false); }

std::string to_go_text(Duration duration) {
    const bool negative = duration.count() < 0;
    const auto count = static_cast<std::uint64_t>(duration.count());
    const std::uint64_t value = negative ? 0 - count : count;
    if (value == 0) return "0s";

    std::string out = negative ? "-" : "";
    if (value < 1'000) return cat(out, value, "ns");
    if (value < 1'000'000) return cat(out, decimal(value, 3), "\xc2\xb5s");
    if (value < second) return cat(out, decimal(value, 6), "ms");
    const std::uint64_t minutes = value / (60 * second);
    if (minutes >= 60) out += cat(minutes / 60, 'h');
    if (minutes > 0) out += cat(minutes % 60, 'm');
    return cat(out, decimal(value % (60 * second), 9), 's');
}

}  // namespace tutti::base
