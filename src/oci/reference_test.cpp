#include "oci/reference.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tutti::oci {

using base::Error;

TEST(Reference, ShortNamesAreDockersOwn) {
    const std::pair<const char*, const char*> cases[] = {
        {"busybox", "docker.io/library/busybox:latest"},
        {"user/app:1.2", "docker.io/user/app:1.2"},
        {"docker.io/busybox", "docker.io/library/busybox:latest"},
        {"index.docker.io/library/busybox", "docker.io/library/busybox:latest"},
        {"localhost/app", "localhost/app:latest"},
        {"localhost:5000/a/b/c:x", "localhost:5000/a/b/c:x"},
        {"ghcr.io/o/app", "ghcr.io/o/app:latest"},
        {"[::1]:5000/app", "[::1]:5000/app:latest"},
        {"Host/app", "Host/app:latest"},
        {"a__b/c-----d.e_f", "docker.io/a__b/c-----d.e_f:latest"},
    };
    for (const auto& [text, canonical] : cases) EXPECT_EQ(Reference::parse(text).to_text(), canonical) << text;
}

TEST(Reference, DigestsStandForThemselves) {
    const std::string digest = "sha256:" + std::string(64, 'a');
    EXPECT_EQ(Reference::parse("busybox@" + digest).to_text(), "docker.io/library/busybox@" + digest);
    const Reference both = Reference::parse("busybox:1@" + digest);
    EXPECT_EQ(both.tag, "1");
    EXPECT_EQ(both.familiar(), "busybox:1@" + digest);
}

TEST(Reference, FamiliarNamesAreShort) {
    EXPECT_EQ(Reference::parse("docker.io/library/busybox:1").familiar(), "busybox:1");
    EXPECT_EQ(Reference::parse("user/app").familiar(), "user/app:latest");
    EXPECT_EQ(Reference::parse("library/a.b/c").familiar(), "library/a.b/c:latest") << "a.b would be a host";
    EXPECT_EQ(Reference::parse("docker.io/a.b/c").familiar(), "docker.io/a.b/c:latest");
    EXPECT_EQ(Reference::parse("ghcr.io/o/app").familiar(), "ghcr.io/o/app:latest");
}

TEST(Reference, RefusesWhatDockerRefuses) {
    const std::string hex64(64, 'a');
    for (const std::string& text : {std::string(),
                                    std::string(":tag"),
                                    std::string("a:"),
                                    std::string("a//b"),
                                    std::string("/a"),
                                    std::string("a/"),
                                    std::string("Busybox"),
                                    std::string("user/App"),
                                    std::string("a..b"),
                                    std::string("a___b"),
                                    std::string("-a"),
                                    std::string("a.-b"),
                                    std::string("a:b:c"),
                                    std::string("a@sha256:12"),
                                    std::string("a@sha256:../../x"),
                                    std::string("host:99999/a"),
                                    std::string("a b"),
                                    std::string("a:" + std::string(129, 'x')),
                                    hex64,
                                    std::string("../../etc"),
                                    std::string("h.io/") + std::string(300, 'x')})
        EXPECT_THROW(Reference::parse(text), Error) << text;
}

TEST(Reference, SaysWhenOnlyTheCaseIsWrong) {
    try {
        Reference::parse("user/App");
        FAIL();
    } catch (const Error& error) { EXPECT_NE(error.message().find("must be lowercase"), std::string::npos); }
}

}  // namespace tutti::oci
