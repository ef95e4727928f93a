#include "embedded/store/volumes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded::store {

using base::cat;
using base::Error;

struct VolumeStore {
    os::TempFolder folder{"/tmp", "tutti-volumes-"};
    Volumes volumes{folder.path()};
    std::string source = cat(folder.path(), "/source");

    VolumeStore() {
        os::make_folders(cat(source, "/sub"), 0750);
        os::write_file(cat(source, "/sub/file"), "content", 0640);
        EXPECT_EQ(::chown(source.c_str(), 70, 71), 0);
        EXPECT_EQ(::chmod(source.c_str(), 01770), 0);
    }
    void fill(const std::string& name) { volumes.fill_if_empty(name, os::open(source, O_RDONLY | O_DIRECTORY)); }
};

TEST(Volumes, AreMadeFoundListedAndRemoved) {
    VolumeStore test;
    VolumeRecord wanted;
    wanted.name = "data";
    wanted.labels = {{"a", "b"}};
    wanted.options = {{"type", "tmpfs"}};
    test.volumes.create(wanted);
    const auto found = test.volumes.find("data");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->labels, wanted.labels);
    EXPECT_EQ(found->options, wanted.options);
    EXPECT_FALSE(found->created.empty());
    wanted.labels.clear();
    EXPECT_EQ(test.volumes.create(wanted).labels.size(), 1u) << "the one that exists";
    EXPECT_EQ(test.volumes.list().size(), 1u);
    test.volumes.remove("data");
    EXPECT_TRUE(test.volumes.list().empty());
    EXPECT_THROW(test.volumes.remove("data"), Error);
}

TEST(Volumes, RefuseNamesThatArePaths) {
    VolumeStore test;
    for (const char* name : {"", "x", "../x", "a/b", ".dead", "-x", "a b"}) {
        VolumeRecord wanted;
        wanted.name = name;
        EXPECT_THROW(test.volumes.create(wanted), Error) << name;
    }
}

TEST(Volumes, AreFilledOnceWithOwnerAndMode) {
    VolumeStore test;
    test.volumes.create({"data", "local", {}, {}, "", false});
    test.fill("data");
    const std::string data = test.volumes.data_folder("data");
    EXPECT_EQ(os::read_file(cat(data, "/sub/file")), "content");
    struct stat st {};
    ASSERT_EQ(::stat(data.c_str(), &st), 0);
    EXPECT_EQ(st.st_uid, 70u);
    EXPECT_EQ(st.st_mode & 07777, 01770u);
    os::write_file(cat(data, "/sub/file"), "changed");
    test.fill("data");
    EXPECT_EQ(os::read_file(cat(data, "/sub/file")), "changed");
}

TEST(Volumes, TwoContainersAtOnceSeeAWholeVolume) {
    VolumeStore test;
    for (int i = 0; i < 200; ++i) os::write_file(cat(test.source, "/f", i), "x");
    test.volumes.create({"data", "local", {}, {}, "", false});
    const auto fill = [&] {
        test.fill("data");
        EXPECT_EQ(os::list_folder(test.volumes.data_folder("data")).size(), 201u);
    };
    std::thread one(fill), two(fill), three(fill);
    one.join(), two.join(), three.join();
}

TEST(Volumes, AnInterruptedFillIsFinished) {
    VolumeStore test;
    test.volumes.create({"data", "local", {}, {}, "", false});
    const std::string path = cat(test.folder.path(), "/volumes/data");
    // Killed while copying: the copy is dropped and made anew.
    os::make_folders(cat(path, "/_new"));
    os::write_file(cat(path, "/_new/half"), "");
    test.fill("data");
    EXPECT_FALSE(os::exists(cat(path, "/_data/half")));
    EXPECT_TRUE(os::exists(cat(path, "/_data/sub")));
    // Killed while moving: the rest follows, though the volume is no longer empty.
    os::make_folders(cat(path, "/_new"));
    os::write_file(cat(path, "/_new/rest"), "");
    os::write_file(cat(path, "/filling"), "");
    test.fill("data");
    EXPECT_TRUE(os::exists(cat(path, "/_data/rest")));
    EXPECT_FALSE(os::exists(cat(path, "/filling")));
}

}  // namespace tutti::embedded::store
