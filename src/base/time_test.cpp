#include "base/time.h"

#include <gtest/gtest.h>

namespace tutti::base {
namespace {

TEST(Time, RoundTripsNanoseconds) {
    const TimePoint time{std::chrono::nanoseconds(1'796'000'000'123'456'789)};
    EXPECT_EQ(to_rfc3339(time), "2026-11-30T00:53:20.123456789Z");
    EXPECT_EQ(parse_rfc3339(to_rfc3339(time)), time);
}

TEST(Time, ReadsOffsetsFractionsAndBlanks) {
    const auto noon = parse_rfc3339("2026-01-02T12:00:00Z");
    ASSERT_TRUE(noon);
    EXPECT_EQ(parse_rfc3339("2026-01-02T13:30:00+01:30"), noon);
    EXPECT_EQ(parse_rfc3339("2026-01-02 09:00:00.5-03:00"), *noon + std::chrono::milliseconds(500));
}

TEST(Time, RefusesWhatIsNoTime) {
    for (const auto* text :
         {"", "2026", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00Zx"})
        EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Time, TheYearOneIsNever) { EXPECT_EQ(parse_rfc3339("0001-01-01T00:00:00Z"), TimePoint{}); }

}  // namespace
}  // namespace tutti::base
