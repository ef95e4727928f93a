#include <gtest/gtest.h>

#include "compose/glob.h"
#include "compose/paths.h"
#include "compose/project_name.h"
#include "compose/remote.h"

namespace tutti::compose {

TEST(Glob, MatchesAsAShellDoes) {
    EXPECT_TRUE(glob_matches("*", "web"));
    EXPECT_TRUE(glob_matches("w*b?", "web2"));
    EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
    EXPECT_TRUE(glob_matches("[^a-c]x", "dx"));
    EXPECT_TRUE(glob_matches("a\\*b", "a*b"));
    EXPECT_TRUE(glob_matches("*a*b*", "xxaxxbxx"));
    EXPECT_FALSE(glob_matches("we", "web"));
    EXPECT_FALSE(glob_matches("[a-c]x", "dx"));
    EXPECT_FALSE(glob_matches("a\\*b", "axb"));
    EXPECT_FALSE(glob_matches("[", "["));
    EXPECT_FALSE(glob_matches("[]a]", "a"));
    EXPECT_FALSE(glob_matches("a*", "b"));
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
    std::string pattern;
    for (int i = 0; i < 100; ++i) pattern += "a*";
    EXPECT_FALSE(glob_matches(pattern + "b", std::string(1000, 'a')));
}

TEST(ProjectName, IsRepaired) {
    EXPECT_EQ(repair_project_name("My.Shop App"), "myshopapp");
    EXPECT_EQ(repair_project_name("_-x_1"), "x_1");
    EXPECT_EQ(repair_project_name("2nd"), "2nd");
    EXPECT_EQ(repair_project_name("..."), "");
}

TEST(Paths, KnowsWindowsPaths) {
    EXPECT_TRUE(is_windows_absolute("c:\\x"));
    EXPECT_TRUE(is_windows_absolute("c:/x"));
    EXPECT_TRUE(is_windows_absolute("\\\\host\\share\\x"));
    EXPECT_TRUE(is_windows_absolute("\\\\.\\pipe\\docker"));
    EXPECT_FALSE(is_windows_absolute("c:x"));
    EXPECT_FALSE(is_windows_absolute("x"));
    EXPECT_FALSE(is_windows_absolute(""));
}

TEST(Paths, ExpandsTheHomeFolder) {
    EXPECT_EQ(expand_home("~/x", "/h"), "/h/x");
    EXPECT_EQ(expand_home("~bob/x", "/h"), "/h/bob/x");
    EXPECT_EQ(expand_home("a~", "/h"), "a~");
    EXPECT_EQ(expand_home("~/x", ""), "~/x");
}

TEST(Remote, TellsGitReferencesFromFiles) {
    EXPECT_EQ(parse_git_reference("https://example.com/a/b.git#main:sub/x"),
              (GitReference{"https://example.com/a/b.git", "main", "sub/x"}));
    EXPECT_EQ(parse_git_reference("git@example.com:a/b.git"), (GitReference{"git@example.com:a/b.git", "", ""}));
    EXPECT_EQ(parse_git_reference("github.com/a/b#v1"), (GitReference{"https://github.com/a/b", "v1", ""}));
    EXPECT_FALSE(parse_git_reference("https://example.com/compose.yaml"));
    EXPECT_FALSE(parse_git_reference("./b.git"));
    EXPECT_FALSE(parse_git_reference("compose.yaml"));
    EXPECT_FALSE(parse_git_reference("ftp://example.com/b.git"));
    EXPECT_TRUE(is_remote("oci://example.com/app:1"));
}

TEST(Remote, NoFolderLeadsOutOfTheRepository) {
    EXPECT_EQ(parse_git_reference("https://example.com/b.git#main:../../etc")->folder, "etc");
    EXPECT_TRUE(is_artifact_file_name("compose.yaml"));
    for (const auto name : {"", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b"})
        EXPECT_FALSE(is_artifact_file_name(name)) << name;
}

}  // namespace tutti::compose
