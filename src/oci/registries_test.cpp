#include "oci/registries.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::oci {

using base::cat;

struct Etc {
    os::TempFolder folder{"/tmp", "tutti-registries-"};
    RegistryFiles files{{cat(folder.path(), "/user.conf"), cat(folder.path(), "/registries.conf")},
                        cat(folder.path(), "/daemon.json"),
                        {cat(folder.path(), "/certs.d")}};

    void write(const std::string& name, std::string_view text) const {
        os::write_file(cat(folder.path(), '/', name), text);
    }
    // "host/path" of every place, "+" for a mirror, "!" for an insecure one.
    std::string places(const std::string& name) const {
        std::string out;
        for (const Endpoint& one : read_registries(files).endpoints(Reference::parse(name)))
            out += cat(out.empty() ? "" : " ", one.mirror ? "+" : "", one.insecure ? "!" : "", one.host, '/', one.path);
        return out;
    }
};

TEST(Registries, WithoutFilesTheDomainItself) {
    const Etc etc;
    EXPECT_EQ(etc.places("busybox"), "registry-1.docker.io/library/busybox");
    EXPECT_EQ(etc.places("localhost:5000/a"), "!localhost:5000/a");
    EXPECT_EQ(etc.places("r.io/a/b"), "r.io/a/b");
}

TEST(Registries, PrefixesAndMirrors) {
    const Etc etc;
    etc.write("registries.conf", R"(
unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "r.io/team"
location = "internal:5000/copy"
[[registry.mirror]]
location = "near/cache"
insecure = true
[[registry.mirror]]
location = "exact"
pull-from-mirror = "digest-only"
[[registry]]
location = "r.io"
blocked = true
[[registry]]
prefix = "*.corp.io"
insecure = true
)");
    EXPECT_EQ(etc.places("r.io/team/app"), "+!near/cache/app internal:5000/copy/app");
    EXPECT_EQ(etc.places("r.io/team/app@sha256:" + std::string(64, 'a')),
              "+!near/cache/app +exact/app internal:5000/copy/app");
    EXPECT_THROW(etc.places("r.io/teams/app"), base::Error) << "a prefix ends at a slash";
    EXPECT_EQ(etc.places("x.corp.io/a"), "!x.corp.io/a");
    EXPECT_EQ(etc.places("corp.io/a"), "corp.io/a");
}

TEST(Registries, TheUsersFileCountsAloneAndDropInsAdd) {
    const Etc etc;
    etc.write("registries.conf", "[[registry]]\nlocation = \"r.io\"\nblocked = true\n");
    etc.write("user.conf", "");
    EXPECT_EQ(etc.places("r.io/a"), "r.io/a");
    os::make_folders(cat(etc.folder.path(), "/user.conf.d"));
    etc.write("user.conf.d/10.conf", "[[registry]]\nprefix = \"r.io\"\nlocation = \"s.io\"\n");
    EXPECT_EQ(etc.places("r.io/a"), "s.io/a");
}

TEST(Registries, DockersSettings) {
    const Etc etc;
    etc.write("daemon.json",
              R"({"registry-mirrors": ["https://mirror.local"], "insecure-registries": ["old:5000", "10.1.0.0/16"]})");
    EXPECT_EQ(etc.places("busybox"), "+mirror.local/library/busybox registry-1.docker.io/library/busybox");
    EXPECT_EQ(etc.places("old:5000/a"), "!old:5000/a");
    EXPECT_EQ(etc.places("10.1.2.3:5000/a"), "!10.1.2.3:5000/a");
    EXPECT_EQ(etc.places("10.2.2.3:5000/a"), "10.2.2.3:5000/a");
}

TEST(Registries, CertificatesByHost) {
    const Etc etc;
    os::make_folders(cat(etc.folder.path(), "/certs.d/r.io:5000"));
    etc.write("certs.d/r.io:5000/ca.crt", "");
    etc.write("certs.d/r.io:5000/client.cert", "");
    const auto registries = read_registries(etc.files);
    EXPECT_TRUE(registries.tls(*http::Url::parse("https://r.io:5000/")).ca_file.ends_with("/ca.crt"));
    EXPECT_TRUE(registries.tls(*http::Url::parse("https://r.io:5000/")).client_key.ends_with("/client.key"));
    EXPECT_TRUE(registries.tls(*http::Url::parse("https://r.io/")).ca_file.empty());
}

TEST(Registries, FaultsNameTheFileAndLine) {
    const Etc etc;
    etc.write("registries.conf", "a = 1\n[[registry]\n");
    try {
        read_registries(etc.files);
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_NE(std::string(error.what()).find("registries.conf:2"), std::string::npos) << error.what();
    }
}

}  // namespace tutti::oci
