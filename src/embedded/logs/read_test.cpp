#include "embedded/logs/read.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "os/file.h"

namespace tutti::embedded::logs {
namespace {

using base::cat;
using testing::ElementsAre;

std::string line(int number, std::string_view stream = "stdout") {
    return cat(R"({"log":"line )", number, R"(\n","stream":")", stream, R"(","time":"2026-01-01T00:00:)",
               number < 10 ? "0" : "", number, ".5Z\"}\n");
}

class ReadLog : public testing::Test {
  protected:
    std::vector<std::string> texts(const engine::LogOptions& options) {
        std::vector<std::string> out;
        read(
            path_, options, -1, [&](const engine::LogLine& line) { out.push_back(line.text); }, os::Cancel());
        return out;
    }
    os::TempFolder folder_;
    std::string path_ = folder_.path() + "/json.log";
};

TEST_F(ReadLog, ReadsRotatedFilesOldestFirst) {
    os::write_file(path_ + ".2", line(1));
    os::write_file(path_ + ".1", line(2) + line(3));
    os::write_file(path_, line(4));
    EXPECT_THAT(texts({}), ElementsAre("line 1", "line 2", "line 3", "line 4"));
}

TEST_F(ReadLog, TailReachesIntoOlderFiles) {
    os::write_file(path_ + ".1", line(1) + line(2));
    os::write_file(path_, line(3) + line(4));
    EXPECT_THAT(texts({.tail = 0}), ElementsAre());
    EXPECT_THAT(texts({.tail = 1}), ElementsAre("line 4"));
    EXPECT_THAT(texts({.tail = 2}), ElementsAre("line 3", "line 4"));
    EXPECT_THAT(texts({.tail = 3}), ElementsAre("line 2", "line 3", "line 4"));
    EXPECT_THAT(texts({.tail = 99}), ElementsAre("line 1", "line 2", "line 3", "line 4"));
}

TEST_F(ReadLog, TailOfALongFileSeesOnlyItsEnd) {
    std::string all;
    for (int i = 0; i < 50'000; ++i) all += line(i % 60);
    os::write_file(path_, all);
    EXPECT_EQ(texts({.tail = 3}).size(), 3u);
    EXPECT_EQ(texts({.tail = 20'000}).size(), 20'000u);
}

TEST_F(ReadLog, BoundsAndStreams) {
    os::write_file(path_, line(1) + line(2, "stderr") + line(3) + line(4));
    EXPECT_THAT(texts({.stderr_ = false}), ElementsAre("line 1", "line 3", "line 4"));
    EXPECT_THAT(texts({.stdout_ = false}), ElementsAre("line 2"));
    engine::LogOptions middle;
    middle.since = *base::parse_rfc3339("2026-01-01T00:00:02Z");
    middle.until = *base::parse_rfc3339("2026-01-01T00:00:03.5Z");
    EXPECT_THAT(texts(middle), ElementsAre("line 2", "line 3"));
}

TEST_F(ReadLog, SkipsWhatACrashTore) {
    os::write_file(path_, line(1) + "{\"log\":\"half\n" + line(2) + "{\"log\":\"no end");
    EXPECT_THAT(texts({}), ElementsAre("line 1", "line 2"));
}

TEST_F(ReadLog, AnAbsentLogIsEmpty) { EXPECT_THAT(texts({}), ElementsAre()); }

TEST_F(ReadLog, FollowsAcrossRotationUntilTheEnd) {
    os::write_file(path_, line(1));
    const os::Fd ended(::eventfd(0, EFD_CLOEXEC));
    std::vector<std::string> out;
    const auto sink = [&](const engine::LogLine& got) {
        out.push_back(got.text);
        if (got.text == "line 1") {  // two rotations at once, then the end
            os::write_all(os::open(path_, O_WRONLY | O_APPEND), line(2));
            ASSERT_EQ(std::rename(path_.c_str(), (path_ + ".2").c_str()), 0);
            os::write_file(path_ + ".1", line(3));
            os::write_file(path_, line(4));
            const std::uint64_t one = 1;
            ASSERT_EQ(::write(ended.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
        }
    };
    read(path_, {.follow = true}, ended.get(), sink, os::Cancel());
    EXPECT_THAT(out, ElementsAre("line 1", "line 2", "line 3", "line 4"));
}

TEST_F(ReadLog, FollowEndsWhenCancelled) {
    os::write_file(path_, line(1));
    const os::Cancel cancel;
    const os::Fd never(::eventfd(0, EFD_CLOEXEC));
    const auto sink = [&](const engine::LogLine&) { cancel.cancel(); };
    EXPECT_THROW(read(path_, {.follow = true}, never.get(), sink, cancel), base::Cancelled);
}

TEST(LogLine, ReadsEscapesAttributesAndPartials) {
    const auto got = parse_line(
        R"({"log":"\u00e4\t\"\ud83d\ude00\\","stream":"stderr","attrs":{"a":"b"},"time":"2026-01-01T00:00:00Z"})");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->text, "ä\t\"😀\\");
    EXPECT_EQ(got->stream, engine::StreamKind::stderr_);
    EXPECT_TRUE(got->partial);
    for (const auto* bad : {"", "{", "{}", "[]", R"({"log":"x"})", R"({"log":"x","time":"never"})"})
        EXPECT_FALSE(parse_line(bad)) << bad;
}

}  // namespace
}  // namespace tutti::embedded::logs
