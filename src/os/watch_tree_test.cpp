#include "os/watch_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/file.h"

namespace tutti::os {
namespace {

using testing::Contains;
using testing::Not;

constexpr auto quiet = std::chrono::milliseconds(20);

struct Watching : testing::Test {
    TempFolder folder;
    std::string root = folder.path() + "/src";
    Scope scope;
    std::vector<std::string> next(WatchTree& tree) { return tree.next(quiet, scope.cancel()).paths; }
};

TEST_F(Watching, SeesFilesThatChangeComeAndGo) {
    make_folders(root + "/deep");
    write_file(root + "/deep/old", "1");
    WatchTree tree({root}, {});
    write_file(root + "/deep/old", "2");
    write_file(root + "/new", "1");
    EXPECT_THAT(next(tree), testing::IsSupersetOf({root + "/deep/old", root + "/new"}));
    remove_file(root + "/new");
    EXPECT_THAT(next(tree), Contains(root + "/new"));
}

TEST_F(Watching, SeesWhatIsInFoldersThatComeLater) {
    make_folders(root);
    WatchTree tree({root}, {});
    make_folders(root + "/a/b");
    write_file(root + "/a/b/first", "1");
    EXPECT_THAT(next(tree), testing::IsSupersetOf({root + "/a", root + "/a/b", root + "/a/b/first"}));
    write_file(root + "/a/b/second", "1");
    EXPECT_THAT(next(tree), Contains(root + "/a/b/second"));
}

TEST_F(Watching, WaitsForARootThatIsNotThereYet) {
    WatchTree tree({root + "/later"}, {});
    make_folders(root + "/later");
    write_file(root + "/later/file", "1");
    write_file(root + "/beside", "1");
    const auto paths = next(tree);
    EXPECT_THAT(paths, Contains(root + "/later/file"));
    EXPECT_THAT(paths, Not(Contains(root + "/beside")));
}

TEST_F(Watching, OneFileIsARootToo) {
    make_folders(root);
    write_file(root + "/one", "1");
    WatchTree tree({root + "/one"}, {});
    write_file(root + "/other", "1");
    write_file(root + "/one", "2");
    EXPECT_EQ(next(tree), std::vector<std::string>{root + "/one"});
}

TEST_F(Watching, PassesOverWhatItIsTold) {
    make_folders(root + "/.git");
    WatchTree tree({root}, [](const std::string& path) { return path.ends_with("/.git"); });
    write_file(root + "/.git/index", "1");
    write_file(root + "/file", "1");
    const auto paths = next(tree);
    EXPECT_THAT(paths, Contains(root + "/file"));
    EXPECT_THAT(paths, Not(Contains(root + "/.git/index")));
}

TEST_F(Watching, GoesOnAfterItsRootWasMadeAnew) {
    make_folders(root);
    WatchTree tree({root}, {});
    remove_tree(root);
    make_folders(root);
    write_file(root + "/file", "1");
    std::vector<std::string> seen;
    while (std::find(seen.begin(), seen.end(), root + "/file") == seen.end())
        for (std::string& path : next(tree)) seen.push_back(std::move(path));
    SUCCEED();
}

}  // namespace
}  // namespace tutti::os
