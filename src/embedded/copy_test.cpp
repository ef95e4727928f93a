// Files in and out of containers, and that neither links nor those who swap them meanwhile lead out of one.
#include <gmock/gmock.h>
#include <unistd.h>

#include "base/text.h"
#include "embedded/test_engine.h"

namespace tutti::embedded::test {
namespace {

using testing::HasSubstr;

class Copy : public EngineTest {
  protected:
    void SetUp() override {
        EngineTest::SetUp();
        if (IsSkipped()) return;
        os::make_folders(canary, 0755);
        os::write_file(canary + "/secret", secret, 0644);
    }
    void TearDown() override {
        if (engine) {
            EXPECT_EQ(os::list_folder(canary), std::vector<std::string>{"secret"});
            EXPECT_EQ(os::read_file(canary + "/secret"), secret);
        }
        EngineTest::TearDown();
    }
    std::string out(const std::string& id, const std::string& path) {
        std::string archive;
        try {
            engine->containers().copy_out(id, path, [&](std::string_view bytes) { archive += bytes; });
        } catch (const base::Error& error) { return error.what(); }
        return archive;
    }
    // A file of this name and content.
    std::string in(const std::string& id, const std::string& path, const std::string& archive) {
        bool given = false;
        try {
            engine->containers().copy_in(
                id, path, [&] { return std::exchange(given, true) ? std::string() : archive; }, false);
        } catch (const base::Error& error) { return error.what(); }
        return {};
    }
    const std::string canary = temp.path() + "/canary";
    static constexpr std::string_view secret = "what only the host may see";
};

TEST_F(Copy, LinksAreFollowedInsideTheContainerAlone) {
    auto wanted = spec({"sh", "-c",
                        base::cat("mkdir -p /run /var; ln -s /run /var/run; echo mine > /run/file; ln -s ", canary,
                                  " /evil; ln -s ../../../../../../../..", canary, " /up; echo ready; sleep 1000")});
    const auto id = start(wanted);
    await_output(id, "ready");
    EXPECT_THAT(out(id, "/var/run/file"), HasSubstr("mine"));
    for (const char* path :
         {"/evil/secret", "/up/secret", "/evil/.", "/up/.", "/proc/1/root/proc/self/root/evil/secret"})
        EXPECT_EQ(out(id, path).find(secret), std::string::npos) << path;
    const std::string file = out(id, "/run/file");
    for (const char* path : {"/evil", "/up", "/evil/..", "/evil/made"}) in(id, path, file);
    EXPECT_EQ(in(id, "/var/run", file), "");
}

TEST_F(Copy, WhoSwapsFoldersMeanwhileGainsNothing) {
    const auto id = start(
        spec({"sh", "-c",
              base::cat("mkdir -p /d; echo mine > /d/file; echo ready; while [ ! -e /stop ]; do rm -rf /d; ln -s ",
                        canary, " /d; rm /d; mkdir /d; done")}));
    await_output(id, "ready");
    exec(id, {"sh", "-c", "echo planted > /tmp/planted"});
    const std::string file = out(id, "/tmp/planted");
    for (int i = 0; i < 100; ++i) {
        in(id, "/d", file);
        EXPECT_EQ(out(id, "/d/secret").find(secret), std::string::npos);
        EXPECT_EQ(out(id, "/d").find(secret), std::string::npos);
    }
    exec(id, {"touch", "/stop"});
    EXPECT_EQ(wait(id), 0);
}

TEST_F(Copy, AContainerThatDoesNotRunIsReadWithItsVolumesAndKeepsNothingOfThat) {
    auto wanted = spec({"true"});
    wanted.files.push_back({.target = "/run/secrets/key", .content = "s3cret"});
    engine::MountSpec volume;
    volume.target = "/data";
    wanted.mounts.push_back(volume);
    const auto id = start(wanted);
    wait(id);
    EXPECT_THAT(out(id, "/data/from-image"), HasSubstr("image"));
    EXPECT_FALSE(engine->containers().stat_path(id, "/files"));
    const std::string everything = out(id, "/");
    EXPECT_EQ(everything.find("root/files"), std::string::npos);
    EXPECT_FALSE(os::exists(base::cat(paths.root, "/containers/", id, "/upper/files")));
}

}  // namespace
}  // namespace tutti::embedded::test
