#include "base/path.h"

#include <gtest/gtest.h>

namespace tutti::base::path {

TEST(Path, Cleans) {
    EXPECT_EQ(clean(""), ".");
    EXPECT_EQ(clean("/"), "/");
    EXPECT_EQ(clean("a//b/./c/../d/"), "a/b/d");
    EXPECT_EQ(clean("../../a"), "../../a");
    EXPECT_EQ(clean("a/../.."), "..");
    EXPECT_EQ(clean("/../a"), "/a");
}

TEST(Path, Joins) {
    EXPECT_EQ(join("/w", "./x"), "/w/x");
    EXPECT_EQ(join("", ""), "");
    EXPECT_EQ(join("", "a/"), "a");
    EXPECT_EQ(join("sub", "../y"), "y");
    EXPECT_EQ(absolute("x", "/w"), "/w/x");
    EXPECT_EQ(absolute("/a/../b", "/w"), "/b");
}

TEST(Path, TakesApart) {
    EXPECT_EQ(folder("/a/b"), "/a");
    EXPECT_EQ(folder("a"), ".");
    EXPECT_EQ(folder("/a"), "/");
    EXPECT_EQ(folder("a/b/"), "a/b");
    EXPECT_EQ(last("/a/b/"), "b");
    EXPECT_EQ(last(""), ".");
    EXPECT_EQ(last("/"), "/");
}

TEST(Path, IsSeenFromAnother) {
    EXPECT_EQ(relative("/a/b", "/a/c/d"), "../c/d");
    EXPECT_EQ(relative("/a", "/a"), ".");
    EXPECT_EQ(relative("/a", "/a/b"), "b");
    EXPECT_EQ(relative("/a", "b"), std::nullopt);
    EXPECT_EQ(relative("..", "a"), std::nullopt);
}

}  // namespace tutti::base::path
