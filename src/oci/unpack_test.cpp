#include "oci/unpack.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "oci/pack.h"
#include "oci/tar.h"
#include "os/file.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using Kind = TarEntry::Kind;

// Builds an archive and unpacks it into a folder beside a canary that must never change.
struct Case {
    os::TempFolder folder{"/tmp", "tutti-unpack-"};
    std::string root = cat(folder.path(), "/root"), canary = cat(folder.path(), "/canary");
    base::TextSink archive;
    TarWriter writer{archive};

    Case() {
        os::make_folders(root, 0755);
        os::make_folders(cat(canary, "/sub"), 0755);
        os::write_file(cat(canary, "/secret"), "untouched", 0600);
    }
    Case& file(const std::string& path, const std::string& content = "x", unsigned mode = 0644) {
        TarEntry entry;
        entry.path = path;
        entry.mode = mode;
        entry.size = static_cast<std::int64_t>(content.size());
        return add(entry, content);
    }
    Case& link(Kind kind, const std::string& path, const std::string& target) {
        TarEntry entry;
        entry.kind = kind;
        entry.path = path;
        entry.link = target;
        return add(entry);
    }
    Case& dir(const std::string& path, unsigned mode = 0755) {
        TarEntry entry;
        entry.kind = Kind::folder;
        entry.path = path;
        entry.mode = mode;
        entry.mtime = 1000;
        return add(entry);
    }
    Case& add(const TarEntry& entry, const std::string& content = {}) {
        writer.add(entry);
        if (!content.empty()) writer.content(content);
        return *this;
    }
    Unpacked run(const UnpackLimits& limits = {}) {
        writer.finish();
        base::TextSource source(archive.text);
        return unpack(source, os::open(root, O_RDONLY | O_DIRECTORY), limits);
    }
    // Unpacks keeping the skeleton and writes the archive again.
    std::string round_trip() {
        writer.finish();
        base::TextSource source(archive.text);
        base::TextSink skeleton, again;
        const std::string aside = cat(folder.path(), "/replaced");
        os::make_folders(aside);
        const os::Fd root_fd = os::open(root, O_RDONLY | O_DIRECTORY),
                     aside_fd = os::open(aside, O_RDONLY | O_DIRECTORY);
        unpack(source, root_fd, {}, &skeleton, &aside_fd);
        base::TextSource kept(skeleton.text);
        write_from_skeleton(kept, root_fd, &aside_fd, again);
        return again.text;
    }
    std::string text(const std::string& path) const { return os::read_file(cat(root, '/', path)); }
    struct stat st(const std::string& path) const {
        struct stat st {};
        EXPECT_EQ(::lstat(cat(root, '/', path).c_str(), &st), 0) << path;
        return st;
    }
    bool opaque(const std::string& path) const {
        char value[8];
        return ::lgetxattr(cat(root, '/', path).c_str(), "trusted.overlay.opaque", value, sizeof value) == 1 &&
               value[0] == 'y';
    }
    bool has(const std::string& path) const { return os::exists(cat(root, '/', path)); }
    bool canary_lives() const {
        return os::read_file(cat(canary, "/secret")) == "untouched" &&
               os::list_folder(canary) == std::vector<std::string>{"secret", "sub"} &&
               os::list_folder(cat(canary, "/sub")).empty() && os::list_folder(folder.path()).size() <= 3;
    }
};

TEST(Unpack, ModesOwnersTimesAndAttributes) {
    Case test;
    TarEntry entry;
    entry.path = "bin/su";
    entry.mode = 04755;
    entry.uid = 7;
    entry.gid = 8;
    entry.mtime = 12345;
    entry.xattrs["security.capability"] = std::string("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    entry.xattrs["trusted.overlay.redirect"] = "/etc";
    test.dir("bin", 0711).add(entry).run();
    const struct stat st = test.st("bin/su");
    EXPECT_EQ(st.st_mode & 07777, 04755u);
    EXPECT_EQ(st.st_uid, 7u);
    EXPECT_EQ(st.st_mtim.tv_sec, 12345);
    EXPECT_EQ(test.st("bin").st_mode & 07777, 0711u);
    EXPECT_EQ(test.st("bin").st_mtim.tv_sec, 1000) << "set after the folder's content";
    char value[64];
    EXPECT_EQ(::lgetxattr(cat(test.root, "/bin/su").c_str(), "security.capability", value, sizeof value), 20);
    EXPECT_LT(::lgetxattr(cat(test.root, "/bin/su").c_str(), "trusted.overlay.redirect", value, sizeof value), 0)
        << "not an image's to set";
}

TEST(Unpack, WhiteoutsBecomeOverlays) {
    Case test;
    test.dir("a")
        .file("a/.wh..wh..opq", "")
        .file("b/.wh.gone", "")
        .dir("c")
        .file(".wh.c", "")
        .file(".wh.d", "")
        .dir("d")
        .file("e")
        .file(".wh.e", "")
        .run();
    EXPECT_TRUE(test.opaque("a"));
    EXPECT_TRUE(S_ISCHR(test.st("b/gone").st_mode));
    EXPECT_EQ(test.st("b/gone").st_rdev, ::makedev(0, 0));
    EXPECT_TRUE(test.opaque("c")) << "hidden below, new here";
    EXPECT_TRUE(test.opaque("d"));
    EXPECT_EQ(test.text("e"), "x") << "a whiteout hides lower layers only";
}

TEST(Unpack, HardLinksShareAnInode) {
    Case test;
    test.file("a", "one")
        .link(Kind::hard_link, "b", "a")
        .link(Kind::symbolic_link, "s", "a")
        .link(Kind::hard_link, "t", "/s")
        .run();
    EXPECT_EQ(test.st("a").st_ino, test.st("b").st_ino);
    EXPECT_TRUE(S_ISLNK(test.st("t").st_mode));
}

TEST(Unpack, LaterEntriesReplaceEarlierOnes) {
    Case test;
    test.file("f", "old")
        .file("f", "new")
        .dir("d")
        .file("d/x")
        .file("d", "now a file")
        .link(Kind::symbolic_link, "l", "nowhere")
        .dir("l")
        .file("l/in")
        .run();
    EXPECT_EQ(test.text("f"), "new");
    EXPECT_EQ(test.text("d"), "now a file");
    EXPECT_TRUE(S_ISDIR(test.st("l").st_mode)) << "a folder replaces a link, as it does elsewhere";
}

TEST(Unpack, SparseFilesHaveHoles) {
    Case test;
    TarEntry entry;
    entry.path = "f";
    entry.size = 4;
    test.add(entry, "data").run();
    EXPECT_EQ(test.text("f"), "data");
}

// The archives that hurt other engines. Each either fails with an error or stays inside.
TEST(UnpackAttack, PathsThatClimb) {
    for (const char* path : {"../canary/secret", "a/../../canary/secret", "..", "/../canary/secret", "./../../x"}) {
        Case test;
        EXPECT_THROW(test.file(path, "owned").run(), Error) << path;
        EXPECT_TRUE(test.canary_lives()) << path;
    }
}

TEST(UnpackAttack, AbsolutePathsStayInside) {
    Case test;
    test.file(cat(test.canary, "/secret"), "owned").run();
    EXPECT_TRUE(test.canary_lives());
    EXPECT_TRUE(test.has(cat(test.canary.substr(1), "/secret")));
}

TEST(UnpackAttack, WritingThroughLinks) {
    for (const bool absolute : {true, false}) {
        Case test;
        const std::string target = absolute ? test.canary : "../canary";
        test.link(Kind::symbolic_link, "l", target);
        try {
            test.file("l/secret", "owned").dir("l/sub/new").link(Kind::symbolic_link, "l/sl", "x").run();
        } catch (const Error&) {  // "../canary" exists nowhere inside
        }
        EXPECT_TRUE(test.canary_lives());
    }
    Case direct;
    direct.link(Kind::symbolic_link, "f", cat(direct.canary, "/secret")).file("f", "mine").run();
    EXPECT_TRUE(direct.canary_lives());
    EXPECT_EQ(direct.text("f"), "mine");
}

TEST(UnpackAttack, ChainsOfLinksAndLinksReplacedMidway) {
    Case test;
    test.dir("a").dir("a/b").file("a/b/1").link(Kind::symbolic_link, "a/b", "../../../../../../tmp");
    try {
        test.file("a/b/tutti-escaped", "owned").run();
    } catch (const Error&) {  // there is no /tmp inside
    }
    EXPECT_TRUE(test.canary_lives());
    EXPECT_FALSE(os::exists("/tmp/tutti-escaped"));
    Case loop;
    EXPECT_THROW(loop.link(Kind::symbolic_link, "x", "y").link(Kind::symbolic_link, "y", "x").file("x/f").run(), Error);
}

TEST(UnpackAttack, HardLinksOut) {
    for (const std::string& target : {std::string("../canary/secret"), std::string("/etc/../../../etc/passwd"),
                                      std::string("l/secret"), std::string("none"), std::string(".")}) {
        Case test;
        test.link(Kind::symbolic_link, "l", test.canary);
        EXPECT_THROW(test.link(Kind::hard_link, "h", target).file("h", "owned").run(), Error) << target;
        EXPECT_TRUE(test.canary_lives()) << target;
    }
    // An absolute target means the image's own root.
    Case inside;
    inside.file("etc/passwd", "inner").link(Kind::hard_link, "h", "/etc/passwd").file("h", "changed").run();
    EXPECT_EQ(inside.text("etc/passwd"), "inner") << "the link is replaced, not written through";
}

TEST(UnpackAttack, HardLinkToALinkIsNotWrittenThrough) {
    Case test;
    test.link(Kind::symbolic_link, "s", cat(test.canary, "/secret"))
        .link(Kind::hard_link, "h", "s")
        .file("h", "owned")
        .run();
    EXPECT_TRUE(test.canary_lives());
    EXPECT_EQ(test.text("h"), "owned");
}

TEST(UnpackAttack, ProcLinksLeadNowhere) {
    Case test;
    EXPECT_THROW(test.link(Kind::symbolic_link, "p", "/proc/self/root")
                     .file("p/tmp/tutti-escaped", "owned")
                     .file("p/x")
                     .link(Kind::hard_link, "q", "p/etc/passwd")
                     .run(),
                 Error);
    EXPECT_FALSE(os::exists("/tmp/tutti-escaped"));
}

TEST(UnpackAttack, WhiteoutsOfTheRootAndOfParents) {
    for (const char* path : {".wh.", ".wh..", "a/.wh..."}) {
        Case test;
        EXPECT_THROW(test.file(path, "").run(), Error) << path;
        EXPECT_TRUE(test.canary_lives());
    }
}

TEST(UnpackAttack, TheRootCannotBeReplaced) {
    Case test;
    EXPECT_THROW(test.link(Kind::symbolic_link, "./", "/etc").run(), Error);
    EXPECT_THROW(Case().file("a/..", "x").run(), Error);
}

TEST(UnpackAttack, NamesTooLongAreErrors) {
    EXPECT_THROW(Case().file(std::string(300, 'n')).run(), Error);
    std::string deep;
    for (int i = 0; i < 3000; ++i) deep += "d/";
    EXPECT_THROW(Case().file(deep + "f").run(), Error);
}

TEST(UnpackAttack, BombsEndAtTheLimit) {
    EXPECT_THROW(Case().file("big", std::string(100000, '\0')).run({.bytes = 99999}), Error);
    Case many;
    for (int i = 0; i < 20; ++i) many.dir(cat("d", i));
    EXPECT_THROW(many.run({.entries = 10}), Error);
}

TEST(Skeleton, GivesTheSameBytesAgain) {
    Case test;
    test.dir("d")
        .file("d/a", "one")
        .file("d/a", "two")
        .file("d/b", std::string(1000, 'b'))
        .link(Kind::hard_link, "h", "d/b")
        .file(".wh.x", "");
    test.file("d2/c", "three")
        .file("d2", "a file now")
        .link(Kind::symbolic_link, "s", "d")
        .file("last", std::string(512, 'l'));
    const std::string again = test.round_trip();
    EXPECT_EQ(again, test.archive.text);
    EXPECT_EQ(test.text("d/a"), "two");
}

TEST(Pack, IsTheReverseAndAlwaysTheSame) {
    Case test;
    test.dir("d")
        .file("d/.wh..wh..opq", "")
        .file("d/f", "content", 04711)
        .link(Kind::hard_link, "h", "d/f")
        .link(Kind::symbolic_link, "s", "x")
        .file(".wh.gone", "");
    test.file(std::string(120, 'n'), "long").run();
    base::TextSink one, two;
    pack(os::open(test.root, O_RDONLY | O_DIRECTORY), one);
    pack(os::open(test.root, O_RDONLY | O_DIRECTORY), two);
    EXPECT_EQ(one.text, two.text);
    const std::string again = cat(test.folder.path(), "/again");
    os::make_folders(again, 0755);
    base::TextSource source(one.text);
    unpack(source, os::open(again, O_RDONLY | O_DIRECTORY), {});
    base::TextSink three;
    pack(os::open(again, O_RDONLY | O_DIRECTORY), three);
    EXPECT_EQ(three.text, one.text);
}

}  // namespace tutti::oci
