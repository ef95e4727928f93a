#include "os/watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "os/file.h"

using namespace tutti;

namespace {

class Watches : public testing::Test {
  protected:
    ~Watches() override { os::remove_tree(folder_); }

    static bool has_news(const os::Watch& watch, int milliseconds) {
        pollfd one{watch.fd().get(), POLLIN, 0};
        return ::poll(&one, 1, milliseconds) == 1;
    }

    std::string folder_ = [] {
        std::string text = "/tmp/tutti-watch-XXXXXX";
        return std::string(::mkdtemp(text.data()));
    }();
};

TEST_F(Watches, TellTheNamesOfWhatChanged) {
    os::Watch watch;
    watch.add(folder_, IN_MOVED_TO);  // how write_file() puts a file there
    EXPECT_FALSE(has_news(watch, 0));
    os::write_file(folder_ + "/a", "1");
    os::write_file(folder_ + "/b", "1");
    std::vector<std::string> names;
    EXPECT_TRUE(has_news(watch, 5000));
    EXPECT_TRUE(watch.read(names));
    std::ranges::sort(names);
    EXPECT_EQ(names.front(), "a");
    EXPECT_FALSE(has_news(watch, 0));
}

TEST_F(Watches, TickWhenTheUserHasNoInstanceLeft) {
    std::vector<os::Fd> taken;
    for (os::Fd fd(::inotify_init1(IN_CLOEXEC)); fd && taken.size() < 5000; fd = os::Fd(::inotify_init1(IN_CLOEXEC)))
        taken.push_back(std::move(fd));
    if (taken.size() == 5000) GTEST_SKIP() << "this user may have as many as it likes";
    os::Watch watch;
    watch.add(folder_, IN_CREATE);
    taken.clear();
    std::vector<std::string> names;
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(has_news(watch, 5000));
        EXPECT_FALSE(watch.read(names)) << "a timer knows no names";
    }
    EXPECT_TRUE(names.empty());
}

TEST_F(Watches, RefuseWhatIsNotThere) {
    os::Watch watch;
    EXPECT_THROW(watch.add(folder_ + "/missing", IN_CREATE), base::Error);
}

}  // namespace
