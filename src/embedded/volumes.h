// The volumes face of our engine. Used by engine.cpp; remove also asks who uses a volume.
#pragma once

#include "embedded/parts.h"
#include "engine/volumes.h"

namespace tutti::embedded {

class VolumesFace final : public engine::Volumes {
  public:
    explicit VolumesFace(Parts& parts) : parts_(parts) {}

    std::vector<engine::Volume> list(const engine::LabelFilter& labels) override;
    std::optional<engine::Volume> find(const std::string& name) override;
    std::string create(const engine::VolumeSpec& spec) override;
    void remove(const std::string& name, bool force) override;
    std::vector<std::string> prune(bool all, const engine::LabelFilter& labels) override;

  private:
    Parts& parts_;
};

std::vector<std::string> users_of_volume(Parts& parts, const std::string& name);  // ids of containers

}  // namespace tutti::embedded
