#include "doc/yaml_scalar.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/text.h"

namespace tutti::doc {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

std::string without_underscores(std::string_view text) {
    std::string out(text);
    std::erase(out, '_');
    return out;
}

// Go's ParseInt with base 0: a sign, then 0x, 0o, 0b or a leading 0 choose the base.
std::optional<Node> to_integer(std::string_view text) {
    const bool negative = text.starts_with('-');
    const bool has_sign = negative || text.starts_with('+');
    if (has_sign) text.remove_prefix(1);
    int base = 10;
    if (text.size() > 1 && text[0] == '0') {
        const char mark = static_cast<char>(text[1] | 0x20);
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        text.remove_prefix(text.size() > 2 && (mark == 'x' || mark == 'b' || mark == 'o') ? 2 : 1);
    }
    const auto number = base::to_uint(text, base);
    if (!number || text.starts_with('-') || text.starts_with('+')) return std::nullopt;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (*number <= most) {
        const auto value = static_cast<std::int64_t>(*number);
        return Node(negative ? -value : value);
    }
    if (negative && *number == most + 1) return Node(std::numeric_limits<std::int64_t>::min());
    if (has_sign) return std::nullopt;
    Node large(static_cast<std::int64_t>(*number));
    large.set_tag(Tag::unsigned_64);
    return large;
}

std::optional<Node> to_real(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
    const auto skip_digits = [&] {
        std::size_t n = 0;
        while (n < rest.size() && digit(rest[n])) ++n;
        rest.remove_prefix(n);
        return n;
    };
    std::size_t digits = skip_digits();
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        digits += skip_digits();
    }
    if (digits == 0) return std::nullopt;
    bool small = false;
    if (rest.starts_with('e') || rest.starts_with('E')) {
        rest.remove_prefix(1);
        small = rest.starts_with('-');
        if (small || rest.starts_with('+')) rest.remove_prefix(1);
        if (skip_digits() == 0) return std::nullopt;
    }
    if (!rest.empty()) return std::nullopt;
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range && small) return Node(text.starts_with('-') ? -0.0 : 0.0);
    if (error != std::errc{}) return std::nullopt;
    return Node(value);
}

// A date or time, field by field.
class Moment {
  public:
    explicit Moment(std::string_view text) : rest_(text) {}

    bool read() {
        if (!number(4, 4, year_) || !skip('-') || !number(1, 2, month_) || !skip('-') || !number(1, 2, day_))
            return false;
        if (!rest_.empty() && !time()) return false;
        return rest_.empty() && valid();
    }

    // As Go prints a time.
    std::string text() const {
        std::string out = base::cat(pad(year_, 4), "-", pad(month_, 2), "-", pad(day_, 2), " ", pad(hour_, 2), ":",
                                    pad(minute_, 2), ":", pad(second_, 2), fraction_);
        if (!zone_) return out + " +0000 UTC";
        if (*zone_ == 0) return out + " +0000 UTC";
        const int minutes = std::abs(*zone_);
        const std::string zone = base::cat(*zone_ < 0 ? '-' : '+', pad(minutes / 60, 2), pad(minutes % 60, 2));
        return base::cat(out, " ", zone, " ", zone);
    }

  private:
    static std::string pad(int value, std::size_t width) {
        const std::string digits = std::to_string(value);
        return std::string(width - std::min(width, digits.size()), '0') + digits;
    }

    bool number(std::size_t least, std::size_t most, int& out) {
        std::size_t n = 0;
        out = 0;
        while (n < most && n < rest_.size() && digit(rest_[n])) out = out * 10 + (rest_[n++] - '0');
        rest_.remove_prefix(n);
        return n >= least;
    }

    bool skip(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool time() {
        const bool with_zone = skip('T') || skip('t');
        if (!with_zone && !skip(' ')) return false;
        if (!number(1, 2, hour_) || !skip(':') || !number(1, 2, minute_) || !skip(':') || !number(1, 2, second_))
            return false;
        if ((rest_.starts_with('.') || rest_.starts_with(',')) && rest_.size() > 1 && digit(rest_[1])) {
            std::size_t n = 1;
            while (n < rest_.size() && digit(rest_[n])) ++n;
            fraction_ = base::cat(".", rest_.substr(1, std::min<std::size_t>(n - 1, 9)));
            while (fraction_.ends_with('0')) fraction_.pop_back();
            if (fraction_ == ".") fraction_.clear();
            rest_.remove_prefix(n);
        }
        return with_zone ? zone() : true;
    }

    bool zone() {
        if (skip('Z')) return true;
        const bool negative = rest_.starts_with('-');
        int hours = 0, minutes = 0;
        if (!(negative ? skip('-') : skip('+')) || !number(2, 2, hours) || !skip(':') || !number(2, 2, minutes))
            return false;
        zone_ = (negative ? -1 : 1) * (hours * 60 + minutes);
        return hours <= 24 && minutes < 60;
    }

    bool valid() const {
        constexpr std::array days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        if (month_ < 1 || month_ > 12 || day_ < 1) return false;
        const bool leap = year_ % 4 == 0 && (year_ % 100 != 0 || year_ % 400 == 0);
        const int last = days.at(static_cast<std::size_t>(month_) - 1) + (leap && month_ == 2 ? 1 : 0);
        return day_ <= last && hour_ < 24 && minute_ < 60 && second_ < 60;
    }

    std::string_view rest_;
    int year_ = 0, month_ = 0, day_ = 0, hour_ = 0, minute_ = 0, second_ = 0;
    std::string fraction_;
    std::optional<int> zone_;  // minutes
};

std::optional<Node> to_timestamp(std::string_view text) {
    if (text.size() < 8 || text[4] != '-') return std::nullopt;
    for (int i = 0; i < 4; ++i)
        if (!digit(text[static_cast<std::size_t>(i)])) return std::nullopt;
    Moment moment(text);
    if (!moment.read()) return std::nullopt;
    Node node(moment.text());
    node.set_tag(Tag::timestamp);
    return node;
}

std::optional<Scalar> known_word(std::string_view text) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    struct Word {
        std::string_view text;
        ScalarType type;
        double number = 0;
    };
    static constexpr std::array words{
        Word{"", ScalarType::null},
        Word{"~", ScalarType::null},
        Word{"null", ScalarType::null},
        Word{"Null", ScalarType::null},
        Word{"NULL", ScalarType::null},
        Word{"true", ScalarType::boolean, 1},
        Word{"True", ScalarType::boolean, 1},
        Word{"TRUE", ScalarType::boolean, 1},
        Word{"false", ScalarType::boolean},
        Word{"False", ScalarType::boolean},
        Word{"FALSE", ScalarType::boolean},
        Word{".nan", ScalarType::real, nan},
        Word{".NaN", ScalarType::real, nan},
        Word{".NAN", ScalarType::real, nan},
        Word{".inf", ScalarType::real, infinity},
        Word{".Inf", ScalarType::real, infinity},
        Word{".INF", ScalarType::real, infinity},
        Word{"+.inf", ScalarType::real, infinity},
        Word{"+.Inf", ScalarType::real, infinity},
        Word{"+.INF", ScalarType::real, infinity},
        Word{"-.inf", ScalarType::real, -infinity},
        Word{"-.Inf", ScalarType::real, -infinity},
        Word{"-.INF", ScalarType::real, -infinity},
        Word{"-0", ScalarType::real, -0.0},
        Word{"-0.0", ScalarType::real, -0.0},
        Word{"<<", ScalarType::merge},
    };
    constexpr std::size_t longest = 5;
    if (text.size() > longest) return std::nullopt;
    for (const Word& word : words) {
        if (word.text != text) continue;
        if (word.type == ScalarType::boolean) return Scalar{word.type, Node(word.number != 0)};
        if (word.type == ScalarType::real) return Scalar{word.type, Node(word.number)};
        return Scalar{word.type, {}};
    }
    return std::nullopt;
}

bool may_be_word(char c) { return std::string_view("yYnNtTfFoO~<.+-").find(c) != std::string_view::npos; }

}  // namespace

Scalar resolve_scalar(std::string_view plain) {
    const char first = plain.empty() ? '~' : plain[0];
    if (may_be_word(first)) {
        if (auto word = known_word(plain)) return std::move(*word);
        if (first == '.')
            if (auto real = to_real(plain)) return {ScalarType::real, std::move(*real)};
    }
    if (!digit(first) && first != '+' && first != '-') return {};
    if (auto date = to_timestamp(plain)) return {ScalarType::timestamp, std::move(*date)};
    const std::string bare = without_underscores(plain);
    if (auto integer = to_integer(bare)) return {ScalarType::integer, std::move(*integer)};
    if (auto real = to_real(bare)) return {ScalarType::real, std::move(*real)};
    return {};
}

ScalarType scalar_type(std::string_view plain) {
    if (!plain.empty() && !may_be_word(plain[0]) && !digit(plain[0])) return ScalarType::text;
    return resolve_scalar(plain).type;
}

std::string rfc3339(std::string_view timestamp) {
    const auto fields = base::split(timestamp, ' ');
    if (fields.size() < 3) return std::string(timestamp);
    std::string zone = "Z";
    if (fields[2] != "+0000") zone = base::cat(fields[2].substr(0, 3), ":", fields[2].substr(3));
    return base::cat(fields[0], "T", fields[1], zone);
}

}  // namespace tutti::doc
