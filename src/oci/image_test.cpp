#include "oci/image.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tutti::oci {

using base::Digest;
using base::Error;

static Descriptor entry(const char* os, const char* architecture, const char* variant, char mark) {
    return {std::string(media::oci_manifest),
            Digest::require("sha256:" + std::string(64, mark)),
            10,
            Platform{os, architecture, variant, ""},
            {},
            {}};
}

static char chosen(const Index& index, const char* platform) {
    const Descriptor* found = choose(index, Platform::parse(platform));
    return found ? found->digest.hex()[0] : '-';
}

TEST(Choose, TakesTheBestVariantThatRuns) {
    const Index index{
        {},
        {entry("linux", "arm", "v5", '5'), entry("linux", "arm", "v6", '6'), entry("linux", "amd64", "", 'a'),
         entry("linux", "arm64", "v8", 'b'), entry("linux", "amd64", "v3", 'c'), entry("windows", "amd64", "", 'd')}};
    EXPECT_EQ(chosen(index, "linux/amd64"), 'a');
    EXPECT_EQ(chosen(index, "linux/arm/v7"), '6');
    EXPECT_EQ(chosen(index, "linux/arm/v6"), '6');
    EXPECT_EQ(chosen(index, "linux/arm/v5"), '5');
    EXPECT_EQ(chosen(index, "linux/arm64"), 'b');
    EXPECT_EQ(chosen(index, "linux/amd64/v3"), 'c');
    EXPECT_EQ(chosen(index, "linux/s390x"), '-');
}

TEST(Choose, NeverTakesAnAttestation) {
    Index index{{}, {entry("unknown", "unknown", "", 'a')}};
    EXPECT_EQ(chosen(index, "linux/amd64"), '-');
    index.manifests.push_back(entry("linux", "amd64", "", 'b'));
    index.manifests[1].annotations["vnd.docker.reference.type"] = "attestation-manifest";
    EXPECT_EQ(chosen(index, "linux/amd64"), '-');
}

TEST(Platform, IsNormalised) {
    EXPECT_EQ(Platform::parse("x86_64").to_text(), "linux/amd64");
    EXPECT_EQ(Platform::parse("linux/aarch64").to_text(), "linux/arm64");
    EXPECT_EQ(Platform::parse("linux/arm64/v8").to_text(), "linux/arm64");
    EXPECT_EQ(Platform::parse("linux/arm").to_text(), "linux/arm/v7");
    EXPECT_THROW(Platform::parse("a/b/c/d"), Error);
    EXPECT_THROW(Platform::parse("linux/../x"), Error);
}

static const std::string digest_a = "sha256:" + std::string(64, 'a');

TEST(Classify, RefusesAmbiguousManifests) {
    const std::string both =
        R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[],"manifests":[]})";
    EXPECT_THROW(classify(both, ""), Error);
    EXPECT_EQ(classify(R"({"config":{},"layers":[]})", "application/vnd.docker.distribution.manifest.v2+json"),
              DocumentKind::manifest);
    EXPECT_EQ(classify(R"({"manifests":[]})", "application/vnd.oci.image.index.v1+json; charset=utf-8"),
              DocumentKind::index);
    EXPECT_THROW(classify(R"({"schemaVersion":1,"fsLayers":[]})", ""), Error);
    EXPECT_THROW(classify(R"({"manifests":[]})", "application/vnd.oci.image.manifest.v1+json"), Error);
    EXPECT_THROW(classify("[]", ""), Error);
}

TEST(Manifest, RefusesDigestsThatArePaths) {
    EXPECT_THROW(parse_manifest(R"({"config":{"digest":"sha256:../../../../etc/passwd","size":1},"layers":[]})"),
                 Error);
    EXPECT_THROW(parse_manifest(R"({"config":{"digest":")" + digest_a + R"(","size":-1},"layers":[]})"), Error);
    EXPECT_THROW(parse_manifest(R"({"layers":[]})"), Error);
}

TEST(Manifest, SurvivesTheWayThroughJson) {
    Manifest manifest{std::string(media::oci_manifest),
                      entry("linux", "amd64", "", 'a'),
                      {entry("linux", "arm", "v7", 'b')},
                      {{"k", "v<>"}}};
    const Manifest again = parse_manifest(to_json(manifest));
    EXPECT_EQ(again.config.digest, manifest.config.digest);
    ASSERT_EQ(again.layers.size(), 1u);
    EXPECT_EQ(again.layers[0].platform, manifest.layers[0].platform);
    EXPECT_EQ(again.annotations, manifest.annotations);
}

TEST(Config, SurvivesTheWayThroughJson) {
    ImageConfig config;
    config.platform = Platform::parse("linux/arm/v6");
    config.created = "2026-01-02T03:04:05Z";
    config.run = {
        "1000:1000",
        "/w",
        "SIGQUIT",
        {"A=b"},
        {"/e"},
        {"c", "d"},
        {"/bin/sh", "-c"},
        {"RUN x"},
        {{"l", "v"}},
        {"53/udp", "80/tcp"},
        {"/data"},
        Healthcheck{
            {"CMD", "true"}, std::chrono::seconds(5), std::chrono::seconds(3), {}, std::chrono::milliseconds(500), 4}};
    config.diff_ids = {Digest::require(digest_a)};
    config.history = {{"2026-01-02T03:04:05Z", "ADD x", "c", "me", true}};
    const ImageConfig again = parse_config(to_json(config));
    EXPECT_EQ(again.platform, config.platform);
    EXPECT_EQ(again.run, config.run);
    EXPECT_EQ(again.diff_ids, config.diff_ids);
    ASSERT_EQ(again.history.size(), 1u);
    EXPECT_TRUE(again.history[0].empty_layer);
}

}  // namespace tutti::oci
