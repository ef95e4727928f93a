#include "cli/complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tutti::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

Wanted wanted(const std::vector<std::string>& words, Dialect dialect = Dialect::compose) {
    return position_of(words, dialect).wanted;
}

std::vector<std::string> offered(const std::vector<std::string>& words, Dialect dialect = Dialect::compose) {
    std::vector<std::string> out;
    for (const Candidate& one : table_candidates(position_of(words, dialect))) out.push_back(one.value);
    return out;
}

TEST(completion, knows_what_the_last_word_can_be) {
    EXPECT_EQ(wanted({""}), Wanted::command);
    EXPECT_EQ(wanted({"image", ""}), Wanted::command);
    EXPECT_EQ(wanted({"logs", "-f", "we"}), Wanted::services);
    EXPECT_EQ(wanted({"logs", "--ta"}), Wanted::flag);
    EXPECT_EQ(wanted({"logs", "--", "--ta"}), Wanted::services);
    EXPECT_EQ(wanted({"--profile", ""}), Wanted::profiles);
    EXPECT_EQ(wanted({"-f", "compose.yaml", "up", ""}), Wanted::services);
    EXPECT_EQ(wanted({"container", "exec", "-it", ""}), Wanted::running);
    EXPECT_EQ(wanted({"container", "exec", "-it", "web", "l"}), Wanted::files);
    EXPECT_EQ(wanted({"container", "exec", "web", "-"}), Wanted::files);
    EXPECT_EQ(wanted({"network", "connect", ""}), Wanted::networks);
    EXPECT_EQ(wanted({"network", "connect", "back", ""}), Wanted::containers);
    EXPECT_EQ(wanted({"network", "create", ""}), Wanted::nothing);
    EXPECT_EQ(wanted({"run", "--env-file", ""}, Dialect::docker), Wanted::files);
    EXPECT_EQ(wanted({"run", "--rm", "bu"}, Dialect::docker), Wanted::images);
    EXPECT_EQ(wanted({"secret", "rm", "a", ""}), Wanted::secrets);
    EXPECT_EQ(wanted({"version", ""}), Wanted::nothing);
}

TEST(completion, follows_the_dialect) {
    EXPECT_THAT(offered({""}), Contains("up"));
    EXPECT_THAT(offered({""}, Dialect::docker), Not(Contains("up")));
    EXPECT_THAT(offered({"docker", ""}), Contains("run"));
    EXPECT_THAT(offered({"compose", ""}, Dialect::docker), Contains("up"));
    EXPECT_THAT(offered({"config", ""}, Dialect::docker), ElementsAre("create", "inspect", "ls", "rm"));
    EXPECT_THAT(offered({"image", ""}), Contains("build"));
}

TEST(completion, offers_values_of_flags) {
    EXPECT_THAT(offered({"run", "--restart", ""}, Dialect::docker),
                ElementsAre("no", "always", "on-failure", "unless-stopped"));
    const Position position = position_of({"--progress=pl"}, Dialect::compose);
    EXPECT_EQ(position.before, "--progress=");
    EXPECT_EQ(position.typed, "pl");
    EXPECT_THAT(position_of({"-f", "a.yaml", "--engine=docker", "logs", ""}, Dialect::compose).project_words,
                ElementsAre("--file=a.yaml", "--engine=docker"));
}

}  // namespace
}  // namespace tutti::cli
