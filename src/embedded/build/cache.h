// What earlier builds left for later ones: which layer a step made, and the folders of --mount=type=cache.
//   FOLDER/steps/HEX.json   key of a step → the layer that it made, and when
//   FOLDER/mounts/HEX/      a cache mount, shared by all builds that name its id
// A record whose layer is gone from the store counts as absent. Used by the builder. Knows no Dockerfile.
#pragma once

#include <optional>
#include <string>

#include "base/digest.h"
#include "os/file.h"

namespace tutti::embedded::build {

struct CachedStep {
    base::Digest layer;
    std::string created;  // RFC 3339
};

class Cache {
  public:
    explicit Cache(std::string folder);

    std::optional<CachedStep> find(const base::Digest& key) const;
    void put(const base::Digest& key, const CachedStep& step);

    struct MountFolder {
        std::string path;
        std::optional<os::FileLock> lock;  // sharing=locked and private: as long as this lives
        bool fresh = false;                // it was made now
    };
    // sharing: shared, locked (waits), private (another folder while this one is taken).
    MountFolder mount_folder(const std::string& id, const std::string& sharing);

  private:
    std::string folder_;
};

}  // namespace tutti::embedded::build
