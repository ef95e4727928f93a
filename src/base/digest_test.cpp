#include "base/digest.h"

#include <gtest/gtest.h>

#include <string>

namespace tutti::base {

TEST(Digest, OfKnownTexts) {
    EXPECT_EQ(Digest::of("abc").to_text(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(Digest::of("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Hasher hasher(Digest::Algorithm::sha512);
    hasher.add("a");
    hasher.add("bc");
    EXPECT_EQ(hasher.finish().to_text().substr(0, 23), "sha512:ddaf35a193617aba");
}

TEST(Digest, ParsesOnlyWhatIsASafeName) {
    const std::string good = "sha256:" + std::string(64, 'a');
    EXPECT_EQ(Digest::parse(good)->to_text(), good);
    for (const std::string& bad :
         {std::string("sha256:../../x"), "sha256:" + std::string(63, 'a'), "sha256:" + std::string(64, 'A'),
          "sha256:" + std::string(62, 'a') + "/.", "md5:" + std::string(32, 'a'), std::string(64, 'a'),
          "sha512:" + std::string(64, 'a'), std::string("sha256:"), std::string()})
        EXPECT_FALSE(Digest::parse(bad)) << bad;
}

}  // namespace tutti::base
