#include "embedded/store/kept_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded::store {
namespace {

using engine::KeptKind;
using testing::HasSubstr;
using testing::Not;

struct KeptFilesTest : testing::Test {
    os::TempFolder folder;
    std::string key_path = base::cat(folder.path(), "/settings/kept.key");
    KeptFiles files{folder.path(), key_path};

    std::string record(const std::string& name) { return base::cat(folder.path(), "/kept/secrets/", name, ".json"); }
    base::ErrorKind refusal(const std::function<void()>& work) {
        try {
            work();
        } catch (const base::Error& error) { return error.kind(); }
        return base::ErrorKind::internal;
    }
};

TEST_F(KeptFilesTest, GivesBackWhatItKept) {
    const std::string content("pass\0word\n", 10);
    const std::string id = files.create(KeptKind::secret, {.name = "db", .labels = {{"a", "b"}}}, content);
    EXPECT_EQ(files.content(KeptKind::secret, "db"), content);
    EXPECT_EQ(files.content(KeptKind::secret, id.substr(0, 8)), content);
    const auto found = files.find(KeptKind::secret, "db");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->size, 10);
    EXPECT_EQ(found->labels.at("a"), "b");
    EXPECT_FALSE(files.find(KeptKind::config, "db")) << "kinds are apart";
    files.remove(KeptKind::secret, "db");
    EXPECT_FALSE(files.find(KeptKind::secret, "db"));
}

TEST_F(KeptFilesTest, WritesNoContentInTheClear) {
    files.create(KeptKind::secret, {.name = "db"}, "a very secret word");
    EXPECT_THAT(os::read_file(record("db")), Not(HasSubstr("secret word")));
    EXPECT_THAT(os::read_file(record("db")), Not(HasSubstr("6120766572")));  // its first letters in hex
    struct stat there {};
    ASSERT_EQ(::stat(key_path.c_str(), &there), 0);
    EXPECT_EQ(there.st_mode & 0777, 0600U);
}

TEST_F(KeptFilesTest, RefusesASecondOfTheName) {
    files.create(KeptKind::secret, {.name = "db"}, "1");
    EXPECT_EQ(refusal([&] { files.create(KeptKind::secret, {.name = "db"}, "2"); }), base::ErrorKind::conflict);
    EXPECT_EQ(files.content(KeptKind::secret, "db"), "1");
}

TEST_F(KeptFilesTest, RefusesNamesAndSizesThatDockerRefuses) {
    for (const char* name : {"", ".", "../x", "a/b", "-a", "a.", "a b"})
        EXPECT_EQ(refusal([&] { files.create(KeptKind::secret, {.name = name}, "1"); }), base::ErrorKind::invalid)
            << name;
    EXPECT_EQ(refusal([&] { files.create(KeptKind::secret, {.name = "x"}, ""); }), base::ErrorKind::invalid);
    EXPECT_EQ(refusal([&] { files.create(KeptKind::secret, {.name = "x"}, std::string(512001, 'x')); }),
              base::ErrorKind::invalid);
}

TEST_F(KeptFilesTest, NoticesTamperingAndSwappedFiles) {
    files.create(KeptKind::secret, {.name = "one"}, "1111");
    files.create(KeptKind::secret, {.name = "two"}, "2222");
    std::string text = os::read_file(record("one"));
    const auto last = text.rfind('"') - 1;
    text[last] = text[last] == '0' ? '1' : '0';
    os::write_file(record("one"), text);
    EXPECT_EQ(refusal([&] { files.content(KeptKind::secret, "one"); }), base::ErrorKind::denied);
    std::string other = base::replace_all(os::read_file(record("two")), "\"two\"", "\"one\"");
    os::write_file(record("one"), other);
    EXPECT_EQ(refusal([&] { files.content(KeptKind::secret, "one"); }), base::ErrorKind::denied);
}

TEST_F(KeptFilesTest, NeedsItsKeyAndNobodyElseMayReadIt) {
    files.create(KeptKind::secret, {.name = "db"}, "1");
    ASSERT_EQ(::chmod(key_path.c_str(), 0644), 0);
    EXPECT_EQ(refusal([&] { files.content(KeptKind::secret, "db"); }), base::ErrorKind::denied);
    os::remove_file(key_path);
    EXPECT_EQ(refusal([&] { files.content(KeptKind::secret, "db"); }), base::ErrorKind::denied);
    EXPECT_EQ(refusal([&] { files.create(KeptKind::secret, {.name = "new"}, "1"); }), base::ErrorKind::denied)
        << "a new key would leave the others shut for ever";
}

}  // namespace
}  // namespace tutti::embedded::store
