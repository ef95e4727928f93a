#include "oci/credentials.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::oci {

using base::cat;

struct Home {
    os::TempFolder folder{"/tmp", "tutti-login-"};
    os::Cancel cancel;
    CredentialPlaces places{
        cat(folder.path(), "/docker/config.json"), {cat(folder.path(), "/auth.json")}, folder.path(), {}};

    void config(std::string_view text) const {
        os::make_folders(cat(folder.path(), "/docker"));
        os::write_file(places.docker_config, text);
    }
    // A helper that answers `get` with a fixed text and writes what it is given into a file.
    void helper(const std::string& name, const std::string& answer) const {
        os::write_file(cat(folder.path(), "/docker-credential-", name),
                       cat("#!/bin/sh\nread -r input\necho \"$1 $input\" >> ", folder.path(), "/asked\n", answer, "\n"),
                       0755);
    }
    Credentials find(const std::string& domain) const { return CredentialStore(places).find(domain, cancel); }
};

TEST(Credentials, NobodyWithoutFiles) { EXPECT_TRUE(Home().find("docker.io").empty()); }

TEST(Credentials, SavedOnesAreFoundAndErased) {
    const Home home;
    home.config(R"({"auths": {"old.io": {"auth": "dTpw"}}, "psFormat": "x"})");
    const CredentialStore store(home.places);
    store.save("docker.io", {"me", "pass:word", ""}, home.cancel);
    store.save("r.io:5000", {"", "", "token"}, home.cancel);
    EXPECT_EQ(home.find("docker.io").password, "pass:word");
    EXPECT_EQ(home.find("r.io:5000").identity_token, "token");
    EXPECT_EQ(home.find("old.io").user, "u");
    EXPECT_NE(os::read_file(home.places.docker_config).find("https://index.docker.io/v1/"), std::string::npos);
    EXPECT_NE(os::read_file(home.places.docker_config).find("psFormat"), std::string::npos) << "what is not ours stays";
    EXPECT_TRUE(store.erase("docker.io", home.cancel));
    EXPECT_FALSE(store.erase("docker.io", home.cancel));
    EXPECT_TRUE(home.find("docker.io").empty());
}

TEST(Credentials, KeysMayBeUrls) {
    const Home home;
    home.config(R"({"auths": {"https://r.io/v2/": {"auth": "dTpw"}}})");
    EXPECT_EQ(home.find("r.io").user, "u");
    EXPECT_TRUE(home.find("other.io").empty());
}

TEST(Credentials, ContainersToolsShareTheirs) {
    const Home home;
    os::write_file(home.places.auth_files[0], R"({"auths": {"quay.io": {"auth": "dTpw"}}})");
    EXPECT_EQ(home.find("quay.io").user, "u");
}

TEST(Credentials, HelpersAreAsked) {
    const Home home;
    home.config(R"({"credHelpers": {"r.io": "one"}, "credsStore": "two", "auths": {"r.io": {}}})");
    home.helper("one", R"(echo '{"ServerURL":"r.io","Username":"helped","Secret":"s"}')");
    home.helper("two", "echo credentials not found in native keychain; exit 1");
    EXPECT_EQ(home.find("r.io").user, "helped");
    EXPECT_TRUE(home.find("docker.io").empty());
    EXPECT_EQ(os::read_file(cat(home.folder.path(), "/asked")), "get r.io\nget https://index.docker.io/v1/\n");
    EXPECT_EQ(CredentialStore(home.places).save("r.io", {"u", "p", ""}, home.cancel), "docker-credential-one");
    EXPECT_NE(os::read_file(cat(home.folder.path(), "/asked"))
                  .find(R"(store {"ServerURL":"r.io","Username":"u","Secret":"p"})"),
              std::string::npos);
}

TEST(Credentials, DamagedFilesAreErrors) {
    const Home home;
    home.config("{");
    EXPECT_THROW(home.find("r.io"), base::Error);
    home.config(R"({"auths": {"r.io": {"auth": "%%%"}}})");
    EXPECT_THROW(home.find("r.io"), base::Error);
    home.config(R"({"credsStore": "../../bin/evil"})");
    EXPECT_THROW(home.find("r.io"), base::Error);
}

}  // namespace tutti::oci
