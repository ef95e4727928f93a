// Moments as text: RFC 3339 with nanoseconds, in UTC ("2026-11-29T01:58:33.000000012Z"), as Docker writes them.
// Used by records, log files, events and whatever prints a time.
// Not a calendar: no zones by name, no local time.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tutti::base {

using TimePoint = std::chrono::system_clock::time_point;  // the epoch itself means: never

std::string to_rfc3339(TimePoint time);  // always nine digits of a second, so that texts sort as times do

// With T or a blank between date and time, any number of digits of a second, Z or an offset.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

}  // namespace tutti::base
