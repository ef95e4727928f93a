#include "verbs/watch_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "os/file.h"

namespace tutti::verbs {
namespace {

using testing::HasSubstr;

struct Warnings : base::Reporter {
    std::vector<std::string> texts;
    void progress(const base::Progress&) override {}
    void warn(std::string_view text) override { texts.emplace_back(text); }
    void note(std::string_view) override {}
};

struct Rules : testing::Test {
    Rules() {
        service.name = "web";
        service.develop.emplace();
    }
    model::WatchTrigger& trigger(const std::string& path, const std::string& action) {
        model::WatchTrigger& one = service.develop->watch.emplace_back();
        one.path = path;
        one.action = action;
        one.target = "/app";
        return one;
    }
    std::vector<WatchRule> rules() {
        project.services["web"] = service;
        return watch_rules(project, {}, warnings);
    }
    model::Service service;
    model::Project project;
    Warnings warnings;
};

TEST_F(Rules, patterns_count_from_the_rules_own_path) {
    model::WatchTrigger& one = trigger("/srv/src", "sync");
    one.ignore = {"*.tmp", "out/"};
    const WatchRule rule = rules().at(0);
    EXPECT_TRUE(rule.takes("/srv/src/a"));
    EXPECT_TRUE(rule.takes("/srv/src/deep/a"));
    EXPECT_FALSE(rule.takes("/srv/src/a.tmp"));
    EXPECT_FALSE(rule.takes("/srv/src/out/a"));
    EXPECT_FALSE(rule.takes("/srv/source"));
    EXPECT_EQ(rule.target_of("/srv/src/deep/a"), "/app/deep/a");
    EXPECT_EQ(rule.target_of("/srv/src"), "/app");
}

TEST_F(Rules, only_what_is_included_counts_and_never_what_editors_leave) {
    trigger("/srv", "sync").include = {"**/*.sql"};
    const WatchRule rule = rules().at(0);
    EXPECT_TRUE(rule.takes("/srv/a.sql"));
    EXPECT_TRUE(rule.takes("/srv/deep/a.sql"));
    EXPECT_FALSE(rule.takes("/srv/a.txt"));
    EXPECT_FALSE(rule.takes("/srv/.a.sql.swp"));
    EXPECT_FALSE(rule.takes("/srv/.git/a.sql"));
}

TEST_F(Rules, the_ignore_file_of_the_build_counts) {
    const os::TempFolder context;
    os::write_file(context.path() + "/.dockerignore", "node_modules\n");
    service.build.emplace();
    service.build->context = context.path();
    trigger(context.path(), "rebuild");
    const WatchRule rule = rules().at(0);
    EXPECT_TRUE(rule.takes(context.path() + "/index.js"));
    EXPECT_FALSE(rule.takes(context.path() + "/node_modules/x.js"));
}

TEST_F(Rules, a_bind_mounted_path_is_passed_over_with_a_warning) {
    trigger("/srv/src", "sync");
    model::Mount mount;
    mount.type = "bind";
    mount.source = "/srv";
    service.volumes.push_back(mount);
    EXPECT_TRUE(rules().empty());
    ASSERT_EQ(warnings.texts.size(), 1U);
    EXPECT_THAT(warnings.texts[0], HasSubstr("'/srv/src' also declared by a bind mount volume"));
}

std::string refusal(Rules& rules) {
    try {
        rules.rules();
    } catch (const base::Error& error) { return error.message(); }
    return {};
}

TEST_F(Rules, what_cannot_be_done_is_refused_by_name) {
    EXPECT_THAT(refusal(*this), HasSubstr("none of the selected services is configured for watch"));
    trigger("/srv", "rebuild");
    EXPECT_THAT(refusal(*this), HasSubstr("\"web\" with action rebuild without a build context"));
    service.develop->watch.clear();
    trigger("/srv", "sync+exec");
    EXPECT_THAT(refusal(*this), HasSubstr("on service web without a command"));
}

}  // namespace
}  // namespace tutti::verbs
