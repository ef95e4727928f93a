#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace tutti::base {
namespace {

TEST(Text, CatJoinsTextAndNumbers) { EXPECT_EQ(cat("port ", 80, '/', std::string("tcp")), "port 80/tcp"); }

TEST(Text, SplitKeepsEmptyFields) {
    EXPECT_EQ(split("a::b", ':'), (std::vector<std::string_view>{"a", "", "b"}));
    EXPECT_EQ(split("", ':'), (std::vector<std::string_view>{""}));
}

TEST(Text, NumbersAreTakenWhole) {
    EXPECT_EQ(to_int("-12"), -12);
    EXPECT_FALSE(to_int("12x"));
    EXPECT_FALSE(to_int(""));
    EXPECT_FALSE(to_int("99999999999999999999"));
    EXPECT_EQ(to_uint("440", 8), 288U);
}

TEST(Text, SuggestsOnlyNearWords) {
    constexpr std::array<std::string_view, 3> keys{"environment", "entrypoint", "image"};
    EXPECT_EQ(did_you_mean("enviroment", keys), "environment");
    EXPECT_FALSE(did_you_mean("zzz", keys));
}

TEST(Text, FindsTheFirstInvalidByte) {
    EXPECT_FALSE(invalid_utf8_at("h\xC3\xA9 \xF0\x9F\x9A\x80"));
    EXPECT_EQ(invalid_utf8_at("ab\xC0\x80"), 2U);
    EXPECT_EQ(invalid_utf8_at("\xED\xA0\x80"), 0U);
    EXPECT_EQ(invalid_utf8_at("abc\xE2\x82"), 3U);
}

}  // namespace
}  // namespace tutti::base
