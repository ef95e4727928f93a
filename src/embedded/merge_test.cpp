#include "embedded/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace tutti::embedded {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

oci::RunConfig image() {
    oci::RunConfig image;
    image.entrypoint = {"/entry"};
    image.cmd = {"serve"};
    image.env = {"PATH=/bin", "A=1"};
    image.volumes = {"/data", "/cache/"};
    image.labels = {{"a", "image"}, {"b", "image"}};
    image.healthcheck = oci::Healthcheck{.test = {"CMD", "ok"}, .interval = std::chrono::seconds(7), .retries = 4};
    return image;
}

Words run(engine::ContainerSpec spec) { return arguments(merge_image(std::move(spec), image())); }

TEST(MergeImage, ChoosesWhatIsExecuted) {
    EXPECT_THAT(run({}), ElementsAre("/entry", "serve"));
    EXPECT_THAT(run({.command = Words{"x"}}), ElementsAre("/entry", "x"));
    EXPECT_THAT(run({.entrypoint = Words{"y"}}), ElementsAre("y"));
    EXPECT_THAT(run({.entrypoint = Words{"y"}, .command = Words{"x"}}), ElementsAre("y", "x"));
    EXPECT_THAT(run({.entrypoint = Words{}, .command = Words{"x"}}), ElementsAre("x"));
    EXPECT_THROW(arguments({}), base::Error);
}

TEST(MergeImage, EnvironmentOverridesAndRemoves) {
    EXPECT_THAT(merge_env({"A=1", "B=2"}, {"B=3", "C=4", "A"}), ElementsAre("B=3", "C=4"));
}

TEST(MergeImage, DeclaredVolumesBecomeAnonymousOnesUnlessCovered) {
    engine::ContainerSpec spec;
    spec.mounts.push_back({.type = engine::MountSpec::Type::bind, .source = "/x", .target = "/data/"});
    const auto merged = merge_image(spec, image());
    ASSERT_EQ(merged.mounts.size(), 2u);
    EXPECT_EQ(merged.mounts[1].target, "/cache");
    EXPECT_EQ(merged.mounts[1].type, engine::MountSpec::Type::volume);
}

TEST(MergeImage, HealthCheckIsCompletedFieldByField) {
    engine::ContainerSpec spec;
    spec.health_check = engine::HealthCheck{.test = {"CMD", "mine"}, .retries = 1};
    auto merged = merge_image(spec, image());
    EXPECT_THAT(merged.health_check->test, ElementsAre("CMD", "mine"));
    EXPECT_EQ(merged.health_check->interval, std::chrono::seconds(7));
    EXPECT_EQ(merged.health_check->retries, 1);
    spec.health_check = engine::HealthCheck{.test = {"NONE"}};
    EXPECT_THAT(merge_image(spec, image()).health_check->test, ElementsAre("NONE"));
}

TEST(MergeImage, OwnLabelsWin) {
    const auto merged = merge_image({.labels = {{"a", "own"}}}, image());
    EXPECT_EQ(merged.labels.at("a"), "own");
    EXPECT_EQ(merged.labels.at("b"), "image");
}

}  // namespace
}  // namespace tutti::embedded
