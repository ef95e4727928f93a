#include "base/duration.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace tutti::base {

using namespace std::chrono_literals;

TEST(Duration, ReadsUnitsOfGoAndDaysAndWeeks) {
    EXPECT_EQ(parse_duration("1m30s"), Duration(90s));
    EXPECT_EQ(parse_duration("1.5h"), Duration(90min));
    EXPECT_EQ(parse_duration("2d12h"), Duration(60h));
    EXPECT_EQ(parse_duration("1w"), Duration(168h));
    EXPECT_EQ(parse_duration("-3us"), Duration(-3us));
    EXPECT_EQ(parse_duration("0"), Duration(0));
    EXPECT_EQ(parse_go_duration("1d"), std::nullopt);
}

TEST(Duration, RefusesNumbersWithoutUnitAndWhatOverflows) {
    for (const char* text : {"", "5", "s", ".s", "1x", "1s ", "9223372036854775808ns", "300y", "-"})
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Duration, PrintsAsGo) {
    EXPECT_EQ(to_go_text(0s), "0s");
    EXPECT_EQ(to_go_text(90s), "1m30s");
    EXPECT_EQ(to_go_text(1500ms), "1.5s");
    EXPECT_EQ(to_go_text(36h), "36h0m0s");
    EXPECT_EQ(to_go_text(250us), "250\xc2\xb5s");
    EXPECT_EQ(to_go_text(1001us), "1.001ms");
    EXPECT_EQ(to_go_text(-1ns), "-1ns");
}

TEST(Bytes, ReadsDockersSpellings) {
    EXPECT_EQ(parse_bytes("1024"), Bytes{1024});
    EXPECT_EQ(parse_bytes("-1"), Bytes{-1});
    EXPECT_EQ(parse_bytes("512m"), Bytes{512 << 20});
    EXPECT_EQ(parse_bytes("1.5 GiB"), Bytes{std::int64_t{3} << 29});
    EXPECT_EQ(parse_bytes("3 kb"), Bytes{3072});
    EXPECT_EQ(parse_bytes("1e3k"), Bytes{1024000});
    EXPECT_EQ(parse_bytes("7b"), Bytes{7});
}

TEST(Bytes, RefusesTheRest) {
    for (const char* text : {"", "m", " 5m", "-5m", "0x10", "5mm", "5bb", "5 m b", "5q", "1..5m"})
        EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
}

}  // namespace tutti::base
