#include "embedded/engine.h"

#include "embedded/bootstrapping.h"
#include "embedded/building.h"
#include "embedded/containers.h"
#include "embedded/images.h"
#include "embedded/networks.h"
#include "embedded/parts.h"
#include "embedded/system.h"
#include "embedded/volumes.h"

namespace tutti::embedded {

namespace {

class EmbeddedEngine final : public engine::Engine {
  public:
    explicit EmbeddedEngine(const EnginePaths& paths) : parts_(paths) {}

    engine::Containers& containers() override { return containers_; }
    engine::Images& images() override { return images_; }
    engine::Networks& networks() override { return networks_; }
    engine::Volumes& volumes() override { return volumes_; }
    engine::System& system() override { return system_; }
    engine::Builder* builder() override {
        return &builder_.get([&] { return make_builder(parts_); });
    }
    engine::Bootstrapper* bootstrapper() override { return &bootstrapper_; }

  private:
    Parts parts_;
    ContainersFace containers_{parts_};
    ImagesFace images_{parts_};
    NetworksFace networks_{parts_};
    VolumesFace volumes_{parts_};
    SystemFace system_{parts_};
    BootstrapFace bootstrapper_{parts_};
    Lazy<build::Builder> builder_;
};

}  // namespace

std::unique_ptr<engine::Engine> open_engine(const EnginePaths& paths) {
    return std::make_unique<EmbeddedEngine>(paths);
}

}  // namespace tutti::embedded
