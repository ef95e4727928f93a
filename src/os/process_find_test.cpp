#include <gtest/gtest.h>

#include "os/file.h"
#include "os/process.h"

namespace tutti::os {
namespace {

TEST(FindProgram, TheFirstExecutableOnThePathWins) {
    const TempFolder top;
    for (const char* folder : {"/a", "/b", "/c"}) make_folders(top.path() + folder);
    write_file(top.path() + "/a/tool", "", 0600);
    write_file(top.path() + "/b/tool", "", 0700);
    write_file(top.path() + "/c/tool", "", 0700);
    const std::string path = ":" + top.path() + "/a:" + top.path() + "/b:" + top.path() + "/c";
    EXPECT_EQ(find_program(path, "tool"), top.path() + "/b/tool");
    EXPECT_FALSE(find_program(path, "other"));
}

}  // namespace
}  // namespace tutti::os
