#include "embedded/images/images.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/images/test_registry.h"

namespace tutti::embedded::images {

using base::cat;
using base::Digest;

// A store in a folder of its own.
struct Fixture {
    os::TempFolder folder{"/tmp", "tutti-images-"};
    store::Store store{cat(folder.path(), "/store")};
    Images images{store, {}};
    base::QuietReporter quiet;
    os::Scope scope;

    // A folder with a busybox in it.
    std::string busybox_root() const {
        std::string root = cat(folder.path(), "/root");
        os::make_folders(cat(root, "/bin"), 0755);
        os::write_file(cat(root, "/bin/busybox"), os::read_file("/bin/busybox"), 0755);
        os::write_file(cat(root, "/bin/sh.txt"), "not a shell", 0644);
        return root;
    }
    Image make_busybox(const std::string& name) {
        const Digest layer = images.add_layer(busybox_root(), scope);
        oci::ImageConfig config;
        config.platform = oci::Platform::host();
        config.created = "2026-01-01T00:00:00Z";
        config.run.cmd = {"/bin/busybox", "sh"};
        config.run.env = {"PATH=/bin"};
        config.diff_ids = {layer};
        config.history = {{"2026-01-01T00:00:00Z", "ADD busybox", "", "", false}};
        return images.add_image(config, oci::Reference::parse(name));
    }
};

TEST(Images, PushPullAndList) {
    const TestRegistry registry;
    const std::string name = cat(registry.host(), "/test/busybox:1");
    Fixture maker;
    const Image made = maker.make_busybox(name);
    maker.images.push(oci::Reference::parse(name), maker.quiet, maker.scope);

    Fixture user;
    const Image pulled = user.images.pull(oci::Reference::parse(name), {}, user.quiet, user.scope);
    EXPECT_EQ(pulled.id(), made.id());
    EXPECT_EQ(pulled.config.run, made.config.run);
    EXPECT_EQ(pulled.names, std::vector<std::string>{name});
    ASSERT_EQ(user.images.list().size(), 1u);
    const auto lower = user.store.lower_folders(pulled.record);
    ASSERT_EQ(lower.size(), 1u);
    EXPECT_EQ(os::read_file(cat(lower[0], "/bin/busybox")), os::read_file("/bin/busybox"));
    EXPECT_TRUE(user.images.find(made.id().short_text()));
}

}  // namespace tutti::embedded::images
