// Lengths of time as Go writes them: "1m30s", "1.5h", "2d12h" in, "1m30s" out.
// Used by the model, the flags that take a duration and whatever prints one.
// Not clocks and not dates.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tutti::base {

using Duration = std::chrono::nanoseconds;

// Units ns us µs ms s m h d w, each number with one; "0" alone is fine. Nothing if it is no duration or out of range.
std::optional<Duration> parse_duration(std::string_view text);

// The same without d and w: what Go's own time.ParseDuration takes (the schema's format "duration").
std::optional<Duration> parse_go_duration(std::string_view text);

std::string to_go_text(Duration duration);  // "1m30s", "250ms", "0s"

}  // namespace tutti::base
