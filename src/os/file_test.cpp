#include "os/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace tutti::os {
namespace {

TEST(File, WritesAsideAndLeavesNothingBehind) {
    const TempFolder folder;
    const std::string path = folder.path() + "/record.json";
    write_file(path, "one");
    write_file(path, "two", 0600, Durable::yes);
    EXPECT_EQ(read_file(path), "two");
    EXPECT_EQ(list_folder(folder.path()), std::vector<std::string>{"record.json"});
}

TEST(File, RemoveTreeDoesNotFollowLinks) {
    const TempFolder folder;
    make_folders(folder.path() + "/keep");
    write_file(folder.path() + "/keep/file", "x");
    make_folders(folder.path() + "/gone/deep/deeper");
    ASSERT_EQ(::symlink("../../keep", (folder.path() + "/gone/deep/link").c_str()), 0);
    remove_tree(folder.path() + "/gone");
    EXPECT_FALSE(exists(folder.path() + "/gone"));
    EXPECT_EQ(read_file(folder.path() + "/keep/file"), "x");
}

TEST(File, ALockIsHeldUntilItsObjectGoes) {
    const TempFolder folder;
    const std::string path = folder.path() + "/lock";
    {
        const FileLock held = FileLock::wait(path);
        EXPECT_FALSE(FileLock::try_now(path));
    }
    EXPECT_TRUE(FileLock::try_now(path));
}

TEST(RealFiles, RefusesWhatIsNoRegularFile) {
    const TempFolder folder;
    const std::string fifo = folder.path() + "/fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_THROW(RealFiles().read(fifo), base::Error);
    EXPECT_THROW(RealFiles().read(folder.path()), base::Error);
    EXPECT_THROW(RealFiles().read(folder.path() + "/absent"), base::Error);
}

}  // namespace
}  // namespace tutti::os
