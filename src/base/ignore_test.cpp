#include "base/ignore.h"

#include <gtest/gtest.h>

namespace tutti::base {
namespace {

TEST(Ignore, PatternsMatchAsDockerMatchesThem) {
    struct {
        const char *pattern, *path;
        bool ignored;
    } const rows[] = {
        {"*.md", "a.md", true},
        {"*.md", "d/a.md", false},
        {"**/*.md", "d/e/a.md", true},
        {"**/*.md", "a.md", true},
        {"d", "d/a/b", true},
        {"/d", "d/a", true},
        {"d/", "d/a", true},
        {"d/*", "d/a", true},
        {"d/*/b", "d/x/b", true},
        {"d/*/b", "d/x/y/b", false},
        {"d/**/b", "d/x/y/b", true},
        {"d/**/b", "d/b", true},
        {"?.c", "x.c", true},
        {"?.c", "xy.c", false},
        {"[a-c].t", "b.t", true},
        {"[^a-c].t", "b.t", false},
        {"**", "anything/at/all", true},
        {".", "x", true},
        {"a/../b", "b", true},
        {"x\\*", "x*", true},
        {"x\\*", "xy", false},
        {"d/**", "d/x/y", true},
        {"**/node_modules", "p/q/node_modules/r", true},
    };
    for (const auto& row : rows)
        EXPECT_EQ(IgnoreRules(row.pattern).ignored(row.path), row.ignored) << row.pattern << " " << row.path;
}

TEST(Ignore, TheLastMatchWins) {
    const IgnoreRules rules("# comment\n*.md\n!README.md\nREADME-secret.md\n\n  !keep/this \n keep\n");
    EXPECT_TRUE(rules.ignored("a.md"));
    EXPECT_FALSE(rules.ignored("README.md"));
    EXPECT_TRUE(rules.ignored("README-secret.md"));
    EXPECT_TRUE(rules.ignored("keep/this"));
}

TEST(Ignore, ExceptionsBelowAnIgnoredFolderAreLookedFor) {
    const IgnoreRules rules("d\n!d/keep.txt\n");
    EXPECT_TRUE(rules.ignored("d/other"));
    EXPECT_FALSE(rules.ignored("d/keep.txt"));
    EXPECT_TRUE(rules.may_hold_exceptions("d"));
    EXPECT_FALSE(rules.may_hold_exceptions("e"));
    EXPECT_TRUE(IgnoreRules("*\n!src/**\n").may_hold_exceptions("src"));
}

}  // namespace
}  // namespace tutti::base
