// Small words on text that every room needs: joining, splitting, trimming, numbers, "did you mean".
// Not a string class and not a formatter of tables.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tutti::base {

// a == b, for look-ups where most keys differ: memcmp is called only for texts of one length and one first byte.
inline bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.empty() || (a.front() == b.front() && a == b));
}

namespace detail {
inline void append(std::string& out, std::string_view text) { out.append(text); }
inline void append(std::string& out, char c) { out.push_back(c); }
template <std::integral N>
requires(!std::same_as<N, char> && !std::same_as<N, bool>) void append(std::string& out, N number) {
    out.append(std::to_string(number));
}
}  // namespace detail

// cat("port ", 80, " is taken") → one string; takes text, char and integers.
template <class... Parts>
std::string cat(const Parts&... parts) {
    std::string out;
    (detail::append(out, parts), ...);
    return out;
}

std::vector<std::string_view> split(std::string_view text, char separator);  // keeps empty fields; "" → {""}
std::string_view trim(std::string_view text);                                // blanks, tabs, CR, LF at both ends
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string to_lower(std::string_view text);  // ASCII only
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

// Whole text as a decimal number, or nothing (no sign but '-', no blanks, no overflow).
std::optional<std::int64_t> to_int(std::string_view text);
std::optional<std::uint64_t> to_uint(std::string_view text, int base = 10);

std::string to_hex(std::span<const unsigned char> bytes);

// The candidate nearest to `word` if it is near enough to be a typo of it (edit distance), else nothing.
std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

// First offset that is not valid UTF-8 (RFC 3629), or nothing.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);

}  // namespace tutti::base
