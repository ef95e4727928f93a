// A number of bytes, and the way Compose and Docker write it: "512m", "1.5 GiB", "-1", "1024".
// Used by the model and everything that limits memory or sizes.
// Not a formatter for tables (units there are decimal).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tutti::base {

struct Bytes {
    std::int64_t count = 0;

    explicit operator bool() const { return count != 0; }
    auto operator<=>(const Bytes&) const = default;
};

// A whole number (also negative), or a number with a unit: k m g t p, any case, i and b optional, steps of 1024, blanks
// before the unit allowed. Nothing where Docker's own parser refuses.
std::optional<Bytes> parse_bytes(std::string_view text);

}  // namespace tutti::base
