#include "embedded/images/bootstrap.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::images {

using base::cat;

// Needs no mirror on the network: an empty local one has nothing, so only what is checked before is tested here. The
// real run is part of the scenarios, which may use the distribution's mirror.
TEST(Bootstrap, SaysWhatIsWrong) {
    const os::TempFolder folder("/tmp", "tutti-bootstrap-");
    store::Store store(cat(folder.path(), "/store"));
    Images images(store, {});
    base::QuietReporter quiet;
    os::Scope scope;
    const auto name = oci::Reference::parse("base");
    Bootstrap wanted;
    wanted.copy = {{"/etc/hostname", "relative"}};
    EXPECT_THROW(bootstrap(images, store, name, wanted, quiet, scope), base::Error);
    wanted.copy = {{cat(folder.path(), "/absent"), "/x"}};
    EXPECT_THROW(bootstrap(images, store, name, wanted, quiet, scope), base::Error);
    wanted.copy.clear();
    wanted.mirror = cat("deb [trusted=yes] file://", folder.path(), "/none none main");
    try {
        bootstrap(images, store, name, wanted, quiet, scope);
        ADD_FAILURE() << "there was no mirror";
    } catch (const base::Error& error) {
        EXPECT_NE(std::string(error.what()).find("mmdebstrap"), std::string::npos) << error.what();
    }
    EXPECT_TRUE(images.list().empty());
    for (const auto& left : os::list_folder(cat(store.root(), "/bootstrap"))) EXPECT_FALSE(left.starts_with("work-"));
}

}  // namespace tutti::embedded::images
