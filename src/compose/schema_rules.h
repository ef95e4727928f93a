// The rules of the Compose file format as constant tables, and what they are made of.
// Used by schema.cpp only, which applies them.
// Values with several spellings are one rule: their types never overlap.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tutti::compose {

// Types that a value may have; a number that is whole counts as integer.
using Types = std::uint8_t;
inline constexpr Types null_type = 1, boolean = 2, integer = 4, number = 8, string = 16, array = 32, mapping = 64;
inline constexpr Types any_type = 0xff;

// What keys of a mapping beside the listed ones may be.
enum class Names : std::uint8_t {
    none,
    extension,  // x-…
    resource,   // letters, digits, . _ -
    filled,     // anything but nothing
    lower,      // a to z
};

struct Rule;

struct Key {
    std::string_view name;
    const Rule* rule;
};

struct Rule {
    Types types = any_type;

    // texts
    std::span<const std::string_view> one_of = {};
    bool (*pattern)(std::string_view) = nullptr;
    std::string_view pattern_text = {};

    // numbers
    std::int64_t minimum = INT64_MIN, maximum = INT64_MAX;

    // lists
    const Rule* items = nullptr;
    bool unique = false;

    // mappings; keys in alphabetical order
    std::span<const Key> keys = {};
    Names names = Names::none;
    const Rule* named = nullptr;  // the rule of keys that `names` allows; null: anything
    bool open = false;            // other keys are not looked at
    std::span<const std::string_view> required = {};
};

extern const Rule model_rule;

}  // namespace tutti::compose
