#include "base/time.h"

#include <array>
#include <cstdint>

#include "base/text.h"

namespace tutti::base {

using std::chrono::days;
using std::chrono::nanoseconds;

static void put(std::string& out, std::uint64_t number, int width) {
    std::array<char, 20> digits;
    for (int i = width; i-- > 0; number /= 10)
        digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + number % 10);
    out.append(digits.data(), static_cast<std::size_t>(width));
}

std::string to_rfc3339(TimePoint time) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date(day);
    const auto rest = static_cast<std::uint64_t>(std::chrono::duration_cast<nanoseconds>(time - day).count());
    const std::uint64_t seconds = rest / 1'000'000'000;
    std::string out;
    out.reserve(30);
    put(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    out += '-';
    put(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    put(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    put(out, seconds / 3600, 2);
    out += ':';
    put(out, seconds / 60 % 60, 2);
    out += ':';
    put(out, seconds % 60, 2);
    out += '.';
    put(out, rest % 1'000'000'000, 9);
    out += 'Z';
    return out;
}

namespace {

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool take(char c) {
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }
    std::optional<int> number(std::size_t width) {
        if (text_.size() < width) return std::nullopt;
        int value = 0;
        for (const char c : text_.substr(0, width)) {
            if (c < '0' || c > '9') return std::nullopt;
            value = value * 10 + (c - '0');
        }
        text_.remove_prefix(width);
        return value;
    }
    std::int64_t fraction() {  // digits after the point, as nanoseconds
        std::int64_t value = 0, scale = 100'000'000;
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
            value += scale * (text_.front() - '0');
            scale /= 10;
            text_.remove_prefix(1);
        }
        return value;
    }
    bool done() const { return text_.empty(); }

  private:
    std::string_view text_;
};

}  // namespace

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
    Reader in(text);
    const auto year = in.number(4);
    if (!year || !in.take('-')) return std::nullopt;
    const auto month = in.number(2);
    if (!month || !in.take('-')) return std::nullopt;
    const auto day = in.number(2);
    if (!day || !(in.take('T') || in.take('t') || in.take(' '))) return std::nullopt;
    const auto hour = in.number(2);
    if (!hour || !in.take(':')) return std::nullopt;
    const auto minute = in.number(2);
    if (!minute || !in.take(':')) return std::nullopt;
    const auto second = in.number(2);
    if (!second) return std::nullopt;
    const std::int64_t fraction = in.take('.') ? in.fraction() : 0;

    int offset = 0;  // minutes
    if (!in.take('Z') && !in.take('z')) {
        const bool minus = in.take('-');
        if (!minus && !in.take('+')) return std::nullopt;
        const auto hours = in.number(2);
        if (!hours || !in.take(':')) return std::nullopt;
        const auto minutes = in.number(2);
        if (!minutes) return std::nullopt;
        offset = (*hours * 60 + *minutes) * (minus ? -1 : 1);
    }
    const auto date =
        std::chrono::year_month_day(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                    std::chrono::day(static_cast<unsigned>(*day)));
    if (!in.done() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    if (*year < 1678 || *year > 2261) return TimePoint{};  // beyond what nanoseconds can tell: "0001-01-01" means never
    return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute - offset) +
           std::chrono::seconds(*second) + nanoseconds(fraction);
}

}  // namespace tutti::base
