#include "embedded/images/images.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/images/test_registry.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;
using base::Error;

namespace {

// A store in a folder of its own.
struct Maker {
    os::TempFolder folder{"/tmp", "tutti-images-"};
    store::Store store{cat(folder.path(), "/store")};
    Images images{store, {}};
    base::QuietReporter quiet;
    os::Scope scope;

    Digest add_layer(const std::string& file, const std::string& content) {
        const std::string root = cat(folder.path(), "/root");
        os::make_folders(cat(root, "/bin"), 0755);
        os::write_file(cat(root, "/bin/", file), content, 0755);
        return images.add_layer(root, scope);
    }
    oci::ImageConfig config(std::vector<Digest> layers) const {
        oci::ImageConfig config;
        config.platform = oci::Platform::host();
        config.created = "2026-01-01T00:00:00Z";
        config.run.cmd = {"/bin/busybox", "sh"};
        config.run.env = {"PATH=/bin"};
        config.diff_ids = std::move(layers);
        config.history = {{"2026-01-01T00:00:00Z", "ADD busybox", "", "", false}};
        return config;
    }
    Image make(const std::string& name, const std::string& content = "x") {
        return images.add_image(config({add_layer("file", content)}), oci::Reference::parse(name));
    }
};

}  // namespace

TEST(Images, PushPullAndPushElsewhere) {
    const TestRegistry registry;
    const std::string name = cat(registry.host(), "/test/busybox:1"), copy = cat(registry.host(), "/test/copy:2");
    Maker maker;
    const Image made = maker.images.add_image(maker.config({maker.add_layer("busybox", os::read_file("/bin/busybox"))}),
                                              oci::Reference::parse(name));
    maker.images.push(oci::Reference::parse(name), maker.quiet, maker.scope);

    Maker user;
    const Image pulled = user.images.pull(oci::Reference::parse(name), {}, user.quiet, user.scope);
    EXPECT_EQ(pulled.id(), made.id());
    EXPECT_EQ(pulled.config.run, made.config.run);
    EXPECT_EQ(pulled.names, std::vector<std::string>{name});
    const auto lower = user.store.lower_folders(pulled.record);
    ASSERT_EQ(lower.size(), 1u);
    EXPECT_EQ(os::read_file(cat(lower[0], "/bin/busybox")), os::read_file("/bin/busybox"));
    EXPECT_EQ(user.images.remote_digest(oci::Reference::parse(name), user.scope.cancel()), pulled.record.manifest);
    EXPECT_TRUE(user.images.find(pulled.record.repo_digests.at(0))) << "by digest";

    user.images.tag(name, oci::Reference::parse(copy));
    user.images.push(oci::Reference::parse(copy), user.quiet, user.scope);
    Maker third;
    const Image again = third.images.pull(oci::Reference::parse(copy), {}, third.quiet, third.scope);
    EXPECT_EQ(again.record.manifest, pulled.record.manifest) << "pushed as it was pulled";
}

TEST(Images, AreFoundByNameIdAndPrefix) {
    Maker maker;
    const Image image = maker.make("busybox:1");
    EXPECT_TRUE(maker.images.find("busybox:1"));
    EXPECT_TRUE(maker.images.find("docker.io/library/busybox:1"));
    EXPECT_TRUE(maker.images.find(image.id().to_text()));
    EXPECT_TRUE(maker.images.find(image.id().short_text()));
    EXPECT_TRUE(maker.images.find(cat("sha256:", image.id().short_text())));
    EXPECT_FALSE(maker.images.find("busybox"));
    EXPECT_FALSE(maker.images.find("sha256:../../x"));
    EXPECT_THROW(maker.images.require("nothing"), Error);
}

TEST(Images, TagAndRemove) {
    Maker maker;
    const Image image = maker.make("a:1");
    maker.images.tag("a:1", oci::Reference::parse("b"));
    EXPECT_THROW(maker.images.remove(image.id().short_text(), false), Error) << "two names";
    EXPECT_EQ(maker.images.remove("a:1", false).untagged, std::vector<std::string>{"a:1"});
    EXPECT_TRUE(maker.images.find("b"));
    maker.store.hold(image.id(), "container");
    EXPECT_THROW(maker.images.remove("b", false), Error) << "in use";
    EXPECT_TRUE(maker.images.remove("b", true).deleted.empty());
    EXPECT_TRUE(maker.images.find(image.id().to_text())) << "as long as the container lives";
    maker.store.release(image.id(), "container");
    EXPECT_EQ(maker.images.remove(image.id().to_text(), false).deleted, std::vector<Digest>{image.id()});
    EXPECT_FALSE(maker.store.has_layer(image.record.layers[0])) << "nothing names it";
}

TEST(Images, LayersThatAreSharedStay) {
    Maker maker;
    const Digest shared = maker.add_layer("shared", "s");
    maker.images.add_image(maker.config({shared}), oci::Reference::parse("a"));
    oci::ImageConfig other = maker.config({shared});
    other.run.user = "1";
    maker.images.add_image(other, oci::Reference::parse("b"));
    maker.images.remove("a", false);
    EXPECT_TRUE(maker.store.has_layer(shared));
}

TEST(Images, SaveAndLoad) {
    Maker maker;
    const Digest low = maker.add_layer("low", "1"), high = maker.add_layer("high", "2");
    const Image one = maker.images.add_image(maker.config({low, high}), oci::Reference::parse("one:1"));
    maker.images.add_image(maker.config({low}), oci::Reference::parse("two"));
    base::TextSink archive;
    maker.images.save({"one:1", "two"}, archive, maker.scope);

    Maker other;
    base::TextSource source(archive.text);
    EXPECT_EQ(other.images.load(source, other.quiet, other.scope), (std::vector<std::string>{"one:1", "two:latest"}));
    EXPECT_EQ(other.images.require("one:1").id(), one.id());
    EXPECT_EQ(os::read_file(cat(other.store.lower_folders(one.record)[0], "/bin/high")), "2");
    base::TextSink again;
    other.images.save({"one:1", "two"}, again, other.scope);
    EXPECT_EQ(again.text, archive.text) << "saving is reproducible";

    Maker third;
    base::TextSource cut(archive.text.substr(0, archive.text.size() / 2));
    EXPECT_THROW(third.images.load(cut, third.quiet, third.scope), Error);
    EXPECT_TRUE(third.images.list().empty());
    base::TextSource nonsense("no archive at all");
    EXPECT_THROW(third.images.load(nonsense, third.quiet, third.scope), Error);
}

TEST(Images, ImportTakesARootFileSystem) {
    Maker maker;
    const Image image = maker.make("a", "content");
    base::TextSink tar;
    maker.images.write_layer(image.record.layers[0], tar);
    base::TextSource source(tar.text);
    oci::RunConfig run;
    run.cmd = {"x"};
    const Image imported =
        maker.images.import_tar(source, run, oci::Reference::parse("imported"), "2026-01-01T00:00:00Z", maker.scope);
    EXPECT_EQ(imported.record.layers, image.record.layers);
    EXPECT_EQ(imported.config.run.cmd, run.cmd);
}

TEST(Images, ALayerThatWasTouchedIsNotPassedOn) {
    Maker maker;
    const Image image = maker.make("a", "content");
    os::write_file(cat(maker.store.lower_folders(image.record)[0], "/bin/file"), "tampered", 0755);
    base::TextSink sink;
    EXPECT_THROW(maker.images.write_layer(image.record.layers[0], sink), Error);
}

}  // namespace tutti::embedded::images
