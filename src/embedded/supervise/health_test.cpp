#include "embedded/supervise/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedded/supervise/restart.h"

namespace tutti::embedded::supervise {
namespace {

using namespace std::chrono_literals;
using engine::Health;
using testing::ElementsAre;
using Point = HealthWatch::Point;

constexpr Point start{1000s};

engine::HealthCheck check() {
    engine::HealthCheck check;
    check.test = {"CMD", "true"};
    check.interval = 10s;
    check.timeout = 3s;
    check.start_period = 20s;
    check.start_interval = 1s;
    check.retries = 2;
    return check;
}

bool probe(HealthWatch& watch, Point at, int exit_code) {
    watch.probe_started(at);
    EXPECT_FALSE(watch.next());
    engine::ProbeResult result;
    result.exit_code = exit_code;
    return watch.probe_ended(at + 100ms, result);
}

TEST(HealthWatch, ProbesOftenWhileStartingAndRarelyOnceHealthy) {
    HealthWatch watch(check(), start);
    EXPECT_EQ(watch.next(), start + 1s);
    EXPECT_FALSE(probe(watch, start + 1s, 1));
    EXPECT_EQ(watch.next(), start + 1100ms + 1s);
    EXPECT_TRUE(probe(watch, start + 2100ms, 0));
    EXPECT_EQ(watch.status(), Health::healthy);
    EXPECT_EQ(watch.next(), start + 2200ms + 10s);
}

TEST(HealthWatch, ForgivesFailuresInsideTheStartPeriodOnly) {
    HealthWatch watch(check(), start);
    for (const auto after : {1s, 2s, 3s, 19s}) EXPECT_FALSE(probe(watch, start + after, 1));
    EXPECT_EQ(watch.failing_streak(), 0);
    EXPECT_FALSE(probe(watch, start + 20s, 1));
    EXPECT_EQ(watch.next(), start + 20100ms + 10s);
    EXPECT_EQ(watch.status(), Health::starting);
    EXPECT_TRUE(probe(watch, start + 30s, 1));
    EXPECT_EQ(watch.status(), Health::unhealthy);
}

TEST(HealthWatch, OneSuccessEndsTheForgiveness) {
    HealthWatch watch(check(), start);
    EXPECT_TRUE(probe(watch, start + 1s, 0));
    EXPECT_FALSE(probe(watch, start + 2s, 1));
    EXPECT_EQ(watch.failing_streak(), 1);
    EXPECT_TRUE(probe(watch, start + 3s, 1));
    EXPECT_EQ(watch.status(), Health::unhealthy);
    EXPECT_TRUE(probe(watch, start + 4s, 0));
    EXPECT_EQ(watch.status(), Health::healthy);
    EXPECT_EQ(watch.failing_streak(), 0);
}

TEST(HealthWatch, DefaultsAreDockers) {
    HealthWatch watch(engine::HealthCheck{.test = {"CMD", "true"}}, start);
    EXPECT_EQ(watch.next(), start + 30s);
    EXPECT_EQ(watch.timeout(), 30s);
    EXPECT_FALSE(probe(watch, start + 30s, 1));
    EXPECT_FALSE(probe(watch, start + 60s, 1));
    EXPECT_TRUE(probe(watch, start + 90s, -1));
}

TEST(HealthWatch, KeepsTheLastFiveProbes) {
    HealthWatch watch(check(), start);
    for (int i = 0; i < 7; ++i) probe(watch, start + std::chrono::seconds(i), i);
    ASSERT_EQ(watch.probes().size(), 5u);
    EXPECT_EQ(watch.probes().front().exit_code, 2);
    EXPECT_EQ(watch.probes().back().exit_code, 6);
}

TEST(HealthWatch, RestsWhilePaused) {
    HealthWatch watch(check(), start);
    watch.pause();
    EXPECT_FALSE(watch.next());
    watch.unpause(start + 60s);
    EXPECT_EQ(watch.next(), start + 70s);
}

TEST(Probe, RunsThroughTheImagesShell) {
    engine::HealthCheck check;
    check.test = {"CMD-SHELL", "exit 1"};
    EXPECT_THAT(probe_command(check, {}), ElementsAre("/bin/sh", "-c", "exit 1"));
    EXPECT_THAT(probe_command(check, {"bash", "-ec"}), ElementsAre("bash", "-ec", "exit 1"));
    check.test = {"CMD", "curl", "x"};
    EXPECT_THAT(probe_command(check, {}), ElementsAre("curl", "x"));
}

TEST(Probe, OutputIsCut) {
    EXPECT_EQ(cut_output("short"), "short");
    const auto cut = cut_output(std::string(5000, 'x'));
    EXPECT_EQ(cut.size(), 4099u);
    EXPECT_TRUE(cut.ends_with("x..."));
}

using Policy = engine::RestartPolicy;

TEST(Restart, BackOffDoublesUpToAMinuteAndAGoodRunResetsIt) {
    const Policy always{Policy::Kind::always, 0};
    std::chrono::nanoseconds delay{0};
    std::vector<std::int64_t> delays;
    for (int i = 0; i < 12; ++i) {
        delay = restart_after(always, {.exit_code = 1}, i, delay).value();
        delays.push_back(delay / 1ms);
    }
    EXPECT_THAT(delays, ElementsAre(100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000));
    EXPECT_EQ(restart_after(always, {.ran_for = 10s}, 12, delay), 100ms);
}

TEST(Restart, PoliciesDecide) {
    const Ending failed{.exit_code = 3}, fine{.exit_code = 0}, stopped{.exit_code = 137, .stop_wanted = true};
    const Policy no, always{Policy::Kind::always, 0}, unless{Policy::Kind::unless_stopped, 0},
        twice{Policy::Kind::on_failure, 2}, forever{Policy::Kind::on_failure, 0};
    EXPECT_FALSE(restart_after(no, failed, 0, 0ns));
    EXPECT_TRUE(restart_after(always, fine, 0, 0ns));
    EXPECT_TRUE(restart_after(unless, fine, 0, 0ns));
    EXPECT_FALSE(restart_after(always, stopped, 0, 0ns));
    EXPECT_FALSE(restart_after(twice, fine, 0, 0ns));
    EXPECT_TRUE(restart_after(twice, failed, 1, 0ns));
    EXPECT_FALSE(restart_after(twice, failed, 2, 0ns));
    EXPECT_TRUE(restart_after(forever, failed, 99, 0ns));
}

}  // namespace
}  // namespace tutti::embedded::supervise
