#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/images/fake_registry.h"
#include "embedded/images/images.h"
#include "oci/compress.h"
#include "oci/tar.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;

namespace {

std::string layer_tar(const std::string& path, const std::string& content) {
    base::TextSink sink;
    oci::TarWriter tar(sink);
    oci::TarEntry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = static_cast<std::int64_t>(content.size());
    tar.add(entry);
    tar.content(content);
    tar.finish();
    return sink.text;
}

std::string packed(oci::Compression how, const std::string& text) {
    base::TextSink sink;
    const auto compressor = oci::compress(how, sink);
    compressor->write(text);
    compressor->finish();
    return sink.text;
}

std::string noise(std::size_t size) {
    std::string out;
    for (std::uint32_t x = 1; out.size() < size; x = x * 1664525 + 1013904223) out += static_cast<char>(x >> 24);
    return out;
}

// An image of two layers as a registry holds it.
struct Sample {
    std::vector<std::string> tars{layer_tar("a", noise(300000)), layer_tar("b", "small")};
    std::vector<std::string> blobs{packed(oci::Compression::gzip, tars[0]), packed(oci::Compression::zstd, tars[1])};
    oci::ImageConfig config;
    oci::Manifest manifest{std::string(oci::media::oci_manifest), {"", Digest::of(""), 0, {}, {}, {}}, {}, {}};

    Sample() {
        config.platform = oci::Platform::host();
        for (const auto& tar : tars) config.diff_ids.push_back(Digest::of(tar));
        for (const auto& blob : blobs)
            manifest.layers.push_back({std::string(oci::media::oci_layer_gzip),
                                       Digest::of(blob),
                                       static_cast<std::int64_t>(blob.size()),
                                       {},
                                       {},
                                       {}});
    }
    void serve(FakeRegistry& registry) {
        const std::string json = oci::to_json(config);
        manifest.config = {
            std::string(oci::media::oci_config), Digest::of(json), static_cast<std::int64_t>(json.size()), {}, {}, {}};
        registry.put(cat("t/blobs/", Digest::of(json).to_text()), "", json);
        for (std::size_t i = 0; i < blobs.size(); ++i)
            registry.put(cat("t/blobs/", manifest.layers[i].digest.to_text()), "", blobs[i]);
        registry.put("t/manifests/1", manifest.media_type, oci::to_json(manifest));
    }
    std::string layer_target() const { return cat("/v2/t/blobs/", manifest.layers[0].digest.to_text()); }
};

struct Puller {
    os::TempFolder folder{"/tmp", "tutti-pull-"};
    std::string root = cat(folder.path(), "/store");
    store::Store store{root};
    oci::Registries registries;
    base::QuietReporter quiet;

    Image pull(const FakeRegistry& registry, PullOptions options = {}) {
        os::Scope scope;
        return Images(store, registries)
            .pull(oci::Reference::parse(cat(registry.host(), "/t:1")), options, quiet, scope);
    }
    // The pull fails, says `words`, and leaves nothing behind that anything could name.
    void fails(const FakeRegistry& registry, const std::string& words, PullOptions options = {}) {
        try {
            pull(registry, options);
            ADD_FAILURE() << "the pull succeeded";
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
        }
        EXPECT_TRUE(store.images().empty());
        EXPECT_TRUE(store.refs().empty());
        for (const auto& name : os::list_folder(cat(root, "/layers")))
            EXPECT_FALSE(name.starts_with(".")) << "half a layer: " << name;
        EXPECT_FALSE(store.has_layer(Digest::of(Sample().tars[0])));
    }
};

}  // namespace

TEST(Pull, TakesGzipAndZstdLayers) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    Puller puller;
    const Image image = puller.pull(registry);
    EXPECT_EQ(image.record.layers, sample.config.diff_ids);
    EXPECT_EQ(os::read_file(cat(puller.store.lower_folders(image.record)[0], "/b")), "small");
    base::TextSink again;
    Images(puller.store, {}).write_layer(sample.config.diff_ids[0], again);
    EXPECT_EQ(again.text, sample.tars[0]);
    const std::size_t asked = registry.requests().size();
    puller.pull(registry);
    for (std::size_t i = asked; i < registry.requests().size(); ++i)
        EXPECT_EQ(registry.requests()[i].target.find(sample.manifest.layers[0].digest.hex()), std::string::npos)
            << "layers are not fetched twice";
}

TEST(Pull, ChoosesFromAnIndexWithAttestations) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    const std::string manifest = oci::to_json(sample.manifest);
    registry.put(cat("t/manifests/", Digest::of(manifest).to_text()), sample.manifest.media_type, manifest);
    const oci::Descriptor right{sample.manifest.media_type,
                                Digest::of(manifest),
                                static_cast<std::int64_t>(manifest.size()),
                                oci::Platform::host(),
                                {},
                                {}};
    oci::Descriptor attestation = right, other = right;
    attestation.digest = other.digest = Digest::of("none");
    attestation.annotations = {{"vnd.docker.reference.type", "attestation-manifest"}};
    other.platform = oci::Platform{"linux", "s390x", "", ""};
    const std::string index = oci::to_json(oci::Index{std::string(oci::media::oci_index), {attestation, other, right}});
    registry.put("t/manifests/1", std::string(oci::media::oci_index), index);
    Puller puller;
    const Image image = puller.pull(registry);
    EXPECT_EQ(image.record.repo_digests,
              std::vector<std::string>{cat(registry.host(), "/t@", Digest::of(index).to_text())});
    Puller elsewhere;
    elsewhere.fails(registry, "no matching manifest for linux/riscv64", {.platform = oci::Platform::parse("riscv64")});
}

TEST(PullFault, AWrongDigestKeepsNothing) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    sample.blobs[0].back() ^= 1;  // in the gzip trailer
    registry.put(sample.layer_target().substr(4), "", sample.blobs[0]);
    Puller().fails(registry, "damaged gzip");
    registry.put(sample.layer_target().substr(4), "", packed(oci::Compression::zstd, sample.tars[0]));
    Puller().fails(registry, "");
    registry.put(sample.layer_target().substr(4), "", sample.blobs[1]);
    Puller().fails(registry, "");
}

TEST(PullFault, ALayerThatUnpacksToSomethingElse) {
    FakeRegistry registry;
    Sample sample;
    sample.config.diff_ids[0] = Digest::of("else");
    sample.serve(registry);
    Puller().fails(registry, "the unpacked layer");
}

TEST(PullFault, ALayerThatIsTooLongOrTooShort) {
    FakeRegistry registry;
    Sample sample;
    sample.manifest.layers[0].size -= 10;
    sample.serve(registry);
    Puller().fails(registry, "longer than its manifest says");
}

TEST(PullFault, ManifestsThatLie) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    registry.on_request([&](const http::RequestHead& request) -> std::optional<FakeRegistry::Answer> {
        if (request.target != "/v2/t/manifests/1") return std::nullopt;
        return FakeRegistry::Answer{
            200,
            {{"Content-Type", sample.manifest.media_type}, {"Docker-Content-Digest", Digest::of("x").to_text()}},
            oci::to_json(sample.manifest),
            {}};
    });
    Puller().fails(registry, "has digest");
    registry.on_request({});
    sample.config.diff_ids.pop_back();
    sample.serve(registry);
    Puller().fails(registry, "its config names 1");
    registry.put("t/manifests/1", "text/html", "<html>");
    Puller().fails(registry, "");
}

TEST(PullFault, BombsAndDamagedArchivesAreRefused) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    Puller().fails(registry, "larger than", {.max_layer_bytes = 1000});
}

TEST(Pull, ABrokenDownloadGoesOnWhereItBroke) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    int cuts = 0;
    bool ranges = true;
    registry.on_request([&](const http::RequestHead& request) -> std::optional<FakeRegistry::Answer> {
        if (request.target != sample.layer_target()) return std::nullopt;
        if (cuts++ == 0) return FakeRegistry::Answer{200, {}, sample.blobs[0], 100000};
        if (ranges) return std::nullopt;
        return FakeRegistry::Answer{200, {}, sample.blobs[0], {}};
    });
    Puller().pull(registry);
    bool asked = false;
    for (const auto& request : registry.requests())
        asked = asked || request.headers.value_or("Range") == "bytes=100000-";
    EXPECT_TRUE(asked);
    cuts = 0;
    ranges = false;  // a registry that knows no ranges sends all again
    Puller().pull(registry);
}

TEST(Pull, WaitsWhenToldTo) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    int refusals = 0;
    registry.on_request([&](const http::RequestHead& request) -> std::optional<FakeRegistry::Answer> {
        if (request.target != "/v2/t/manifests/1" || refusals++ >= 2) return std::nullopt;
        return FakeRegistry::Answer{429, {{"Retry-After", "0"}}, "{}", {}};
    });
    Puller().pull(registry);
    EXPECT_EQ(refusals, 3);
}

TEST(Pull, GetsATokenWithTheCredentialsOfTheDomain) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    registry.on_request([&](const http::RequestHead& request) -> std::optional<FakeRegistry::Answer> {
        if (request.target.starts_with("/token")) return FakeRegistry::Answer{200, {}, R"({"token":"T"})", {}};
        if (request.headers.value_or("Authorization") == "Bearer T") return std::nullopt;
        return FakeRegistry::Answer{
            401,
            {{"WWW-Authenticate", cat("Bearer realm=\"http://", registry.host(), "/token\",service=\"s v\"")}},
            "{}",
            {}};
    });
    Puller puller;
    puller.registries.credentials = [&](const std::string& domain) {
        return domain == registry.host() ? oci::Credentials{"me", "pw", ""} : oci::Credentials{};
    };
    puller.pull(registry);
    bool asked = false;
    for (const auto& request : registry.requests()) {
        if (!request.target.starts_with("/token")) continue;
        asked = true;
        EXPECT_EQ(request.headers.value_or("Authorization"), "Basic bWU6cHc=");
        EXPECT_EQ(request.target, "/token?scope=repository%3At%3Apull&service=s%20v");
    }
    EXPECT_TRUE(asked);
    registry.on_request([&](const http::RequestHead&) {
        return FakeRegistry::Answer{
            401, {{"WWW-Authenticate", "Bearer realm=\"http://evil.example.com/token\""}}, "{}", {}};
    });
    Puller other;
    other.registries.credentials = puller.registries.credentials;
    other.fails(registry, "not safe");
}

TEST(Pull, CredentialsNeverFollowARedirect) {
    FakeRegistry registry, elsewhere;
    Sample sample;
    sample.serve(registry);
    sample.serve(elsewhere);
    registry.on_request([&](const http::RequestHead& request) -> std::optional<FakeRegistry::Answer> {
        if (request.headers.value_or("Authorization") != "Basic bWU6cHc=")
            return FakeRegistry::Answer{401, {{"WWW-Authenticate", "Basic realm=\"r\""}}, "{}", {}};
        if (request.target.find("/blobs/") == std::string::npos) return std::nullopt;
        return FakeRegistry::Answer{307, {{"Location", cat("http://", elsewhere.host(), request.target)}}, "", {}};
    });
    Puller puller;
    puller.registries.credentials = [](const std::string&) { return oci::Credentials{"me", "pw", ""}; };
    puller.pull(registry);
    EXPECT_FALSE(elsewhere.requests().empty());
    for (const auto& request : elsewhere.requests()) EXPECT_EQ(request.headers.find("Authorization"), nullptr);
}

TEST(Pull, AMirrorThatFailsIsNoFailure) {
    FakeRegistry registry, mirror;
    Sample sample;
    sample.serve(registry);
    Puller puller;
    puller.registries.endpoints = [&](const oci::Reference& name) {
        oci::Endpoint near = oci::default_endpoint(mirror.host());
        near.mirror = true;
        return std::vector<oci::Endpoint>{near, oci::default_endpoint(name.domain)};
    };
    puller.pull(registry);
    EXPECT_FALSE(mirror.requests().empty());
}

TEST(PullFault, NothingThereAndNobodyListening) {
    FakeRegistry registry;
    Puller().fails(registry, "not found at");
    Puller puller;
    std::string host;
    {
        const FakeRegistry gone;
        host = gone.host();
    }
    os::Scope scope;
    EXPECT_THROW(Images(puller.store, {}).pull(oci::Reference::parse(cat(host, "/t:1")), {}, puller.quiet, scope),
                 Error);
}

TEST(PullFault, ACancelledPullKeepsNothing) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    Puller puller;
    os::Scope scope;
    registry.on_request([&](const http::RequestHead& request) -> std::optional<FakeRegistry::Answer> {
        if (request.target == sample.layer_target()) scope.cancel().cancel();
        return std::nullopt;
    });
    EXPECT_THROW(
        Images(puller.store, {}).pull(oci::Reference::parse(cat(registry.host(), "/t:1")), {}, puller.quiet, scope),
        base::Cancelled);
    EXPECT_TRUE(puller.store.images().empty());
}

TEST(PullFault, AFullDiskIsAnErrorAndNothingHalfMade) {
    FakeRegistry registry;
    Sample sample;
    sample.serve(registry);
    os::TempFolder folder("/tmp", "tutti-full-");
    os::Scope scope;
    scope.spawn([&] {  // a thread with mounts of its own
        ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
        ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
        ASSERT_EQ(::mount("none", folder.path().c_str(), "tmpfs", 0, "size=200k"), 0);
        store::Store store(cat(folder.path(), "/store"));
        base::QuietReporter quiet;
        os::Scope inner;
        try {
            Images(store, {}).pull(oci::Reference::parse(cat(registry.host(), "/t:1")), {}, quiet, inner);
            ADD_FAILURE() << "it fitted";
        } catch (const Error& error) {
            EXPECT_EQ(error.errno_value(), ENOSPC) << error.what();
            EXPECT_EQ(error.kind(), ErrorKind::unavailable);
        }
        EXPECT_TRUE(store.images().empty());
        for (const auto& name : os::list_folder(cat(store.root(), "/layers")))
            EXPECT_FALSE(name.starts_with(".")) << name;
        ASSERT_EQ(::mount("none", folder.path().c_str(), nullptr, MS_REMOUNT, "size=10m"), 0);
        os::Scope again;
        Images(store, {}).pull(oci::Reference::parse(cat(registry.host(), "/t:1")), {}, quiet, again);
    });
    scope.join();
}

}  // namespace tutti::embedded::images
