#include "embedded/store/store.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::store {

using base::cat;
using base::Digest;
using base::Error;

struct StoreInFolder {
    os::TempFolder folder{"/tmp", "tutti-store-"};
    std::string root = cat(folder.path(), "/store");
    Store store{root};

    Digest add_layer(const std::string& content) {
        NewLayer layer = store.new_layer();
        os::write_file(cat(layer.diff(), "/file"), content);
        const Digest id = Digest::of(content);
        store.commit(std::move(layer), id, 10);
        return id;
    }
    ImageRecord add_image(const std::string& config, std::vector<Digest> layers) {
        const Digest id = Digest::of(config), manifest = Digest::of(cat(config, "m"));
        store.put_blob(id, config);
        store.put_blob(manifest, cat(config, "m"));
        const ImageRecord record{id, manifest, std::move(layers), 20, {"docker.io/library/x@" + id.to_text()}, 5};
        store.put_image(record);
        return record;
    }
};

TEST(Store, KeepsImagesAndTheirLayers) {
    StoreInFolder test;
    const Digest low = test.add_layer("low"), high = test.add_layer("high");
    const ImageRecord image = test.add_image("config", {low, high, low});
    test.store.set_ref("docker.io/library/x:latest", image.id);

    const Store again(test.root);
    const auto found = again.image(*again.ref("docker.io/library/x:latest"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->layers, image.layers);
    EXPECT_EQ(found->repo_digests, image.repo_digests);
    const auto lower = again.lower_folders(*found);
    ASSERT_EQ(lower.size(), 2u) << "overlay takes a folder once";
    EXPECT_EQ(os::read_file(cat(lower[1], "/file")), "high");
    EXPECT_EQ(os::read_file(cat(lower[0], "/file")), "low") << "highest first";
    EXPECT_EQ(again.blob(image.id), "config");
}

TEST(Store, RefusesWhatItCannotKeep) {
    StoreInFolder test;
    const Digest id = Digest::of("a");
    EXPECT_THROW(test.store.put_blob(id, "b"), Error);
    EXPECT_THROW(test.store.put_image({id, id, {}, 0, {}, 0}), Error);
    EXPECT_THROW(test.store.blob(id), Error);
    test.store.put_blob(id, "a");
    EXPECT_THROW(test.store.put_image({id, id, {Digest::of("layer")}, 0, {}, 0}), Error);
    os::write_file(cat(test.root, "/blobs/sha256/", id.hex()), "damaged");
    EXPECT_THROW(test.store.blob(id), Error);
}

TEST(Store, ALayerThatAPowerCutCaughtDoesNotCount) {
    StoreInFolder test;
    const Digest id = test.add_layer("x");
    EXPECT_TRUE(test.store.has_layer(id));
    os::write_file(cat(test.store.layer_folder(id), "/pending"), "another boot\n");
    EXPECT_FALSE(test.store.has_layer(id));
    test.add_layer("x");
    EXPECT_TRUE(test.store.has_layer(id)) << "made anew in its place";
}

TEST(Store, RecordsNameOnlyDurableLayers) {
    StoreInFolder test;
    const Digest id = test.add_layer("x");
    EXPECT_TRUE(os::exists(cat(test.store.layer_folder(id), "/pending")));
    test.add_image("config", {id});
    EXPECT_FALSE(os::exists(cat(test.store.layer_folder(id), "/pending")));
}

TEST(Store, AnAbandonedLayerLeavesNothing) {
    StoreInFolder test;
    {
        const NewLayer layer = test.store.new_layer();
        os::write_file(cat(layer.diff(), "/x"), "");
    }
    EXPECT_TRUE(os::list_folder(cat(test.root, "/layers")).empty());
}

TEST(Store, CollectsWhatNothingNames) {
    StoreInFolder test;
    const Digest used = test.add_layer("used"), unused = test.add_layer("unused");
    const ImageRecord image = test.add_image("config", {used});
    test.store.put_blob(Digest::of("stray"), "stray");
    os::make_folders(cat(test.root, "/layers/.new-1-2-3/diff"));  // of a process that was killed
    const NewLayer running = test.store.new_layer();
    {
        const os::FileLock adding = test.store.adding();
        EXPECT_TRUE(test.store.collect().layers.empty()) << "somebody is adding";
    }
    const auto collected = test.store.collect();
    EXPECT_EQ(collected.layers, std::vector<Digest>{unused});
    EXPECT_FALSE(test.store.has_layer(unused));
    EXPECT_TRUE(test.store.has_layer(used));
    EXPECT_FALSE(test.store.has_blob(Digest::of("stray")));
    EXPECT_FALSE(os::exists(cat(test.root, "/layers/.new-1-2-3")));
    EXPECT_TRUE(os::exists(running.diff())) << "being made";
}

TEST(Store, AnImageInUseStays) {
    StoreInFolder test;
    const ImageRecord image = test.add_image("config", {});
    test.store.hold(image.id, "container1");
    EXPECT_THROW(test.store.remove_image(image.id), Error);
    test.store.release(image.id, "container1");
    test.store.set_ref("a:1", image.id);
    test.store.remove_image(image.id);
    EXPECT_FALSE(test.store.image(image.id));
    EXPECT_FALSE(test.store.ref("a:1"));
    EXPECT_THROW(test.store.hold(image.id, "c"), Error);
    EXPECT_THROW(test.store.hold(image.id, "../c"), Error);
}

TEST(Store, NamesOfAnyShapeAreFileNames) {
    StoreInFolder test;
    const ImageRecord image = test.add_image("config", {});
    const std::string lengthy = "host:5000/" + std::string(250, 'a') + ":" + std::string(128, 't');
    for (const std::string& name : {std::string("../../x"), std::string(".hidden"), lengthy, lengthy + "u"}) {
        test.store.set_ref(name, image.id);
        EXPECT_EQ(test.store.ref(name), image.id);
    }
    EXPECT_EQ(test.store.refs().size(), 4u);
    EXPECT_TRUE(test.store.remove_ref("../../x"));
    EXPECT_FALSE(test.store.remove_ref("../../x"));
}

TEST(Store, OneMakesALayerAtATime) {
    StoreInFolder test;
    const os::Cancel cancel;
    const Digest id = Digest::of("x");
    auto held = std::make_optional(test.store.lock_layer(id, cancel));
    os::Scope scope;
    scope.spawn([&] { test.store.lock_layer(id, scope.cancel()); });
    scope.cancel_and_join();  // the waiting one gives up
    held.reset();
    test.store.lock_layer(id, cancel);
}

}  // namespace tutti::embedded::store
