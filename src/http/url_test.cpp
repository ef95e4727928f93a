#include "http/url.h"

#include <gtest/gtest.h>

namespace tutti::http {

TEST(Url, IsTakenApartAndPutTogether) {
    const auto url = Url::parse("HTTPS://Example.com:8443/v2/?a=b#frag");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "example.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/v2/?a=b");
    EXPECT_EQ(url->to_text(), "https://example.com:8443/v2/?a=b");
    EXPECT_EQ(Url::parse("http://[::1]:5000")->authority(), "[::1]:5000");
    EXPECT_EQ(Url::parse("http://h:80/")->authority(), "h");
}

TEST(Url, RefusesWhatIsNone) {
    for (const char* text : {"", "ftp://x/", "http://", "http://user:pw@h/", "http://h:0/", "http://h:70000/",
                             "http://h/a b", "http://[::1/"})
        EXPECT_FALSE(Url::parse(text)) << text;
}

TEST(Url, ResolvesLocations) {
    const Url url = *Url::parse("http://h:5000/v2/a/blobs/uploads/?x=1");
    EXPECT_EQ(url.resolve("https://cdn/x?sig=://")->to_text(), "https://cdn/x?sig=://");
    EXPECT_EQ(url.resolve("/y?u=http://z")->to_text(), "http://h:5000/y?u=http://z");
    EXPECT_EQ(url.resolve("z")->to_text(), "http://h:5000/v2/a/blobs/uploads/z");
    EXPECT_EQ(url.resolve("//other/p")->to_text(), "http://other/p");
    EXPECT_FALSE(url.resolve("file:///etc/passwd"));
}

TEST(Url, KnowsLoopback) {
    EXPECT_TRUE(Url::parse("http://127.0.0.1:5000/")->is_loopback());
    EXPECT_TRUE(Url::parse("http://localhost/")->is_loopback());
    EXPECT_FALSE(Url::parse("http://127.example.com/")->is_loopback());
}

TEST(Base64, BothWays) {
    EXPECT_EQ(base64("user:pass"), "dXNlcjpwYXNz");
    EXPECT_EQ(base64("a"), "YQ==");
    EXPECT_EQ(from_base64("YQ==").value(), "a");
    EXPECT_EQ(from_base64("YWI").value(), "ab");
    EXPECT_FALSE(from_base64("*"));
}

}  // namespace tutti::http
