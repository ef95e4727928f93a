// Dockerfile → image, without a daemon: the embedded engine's engine::Builder.
// Used by the engine's face. Stages run side by side, only those that the target needs; every step that makes files is
// a layer, found again by what went into it (docs/decisions/0005-build-cache.md).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/stream.h"
#include "embedded/build/cache.h"
#include "embedded/build/run.h"
#include "embedded/images/images.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/runtime.h"
#include "embedded/store/store.h"
#include "engine/build.h"

namespace tutti::embedded::build {

struct BuilderOptions {
    std::string folder;      // ROOT/build: the cache, and where steps are made (same file system as the store)
    std::string run_folder;  // private, on tmpfs: run folders of boxes, secrets
    std::map<std::string, std::string> environment;  // SSH_AUTH_SOCK, SOURCE_DATE_EPOCH, proxies; for git
    // mode: "default" or "host" ("none" needs no network and is not asked for).
    std::function<RunNetwork(const std::string& mode)> network;
    // ADD of a URL: its bytes; throws Error. Returns the Last-Modified time in seconds, 0 if unknown.
    std::function<std::int64_t(const std::string& url, base::Sink& to, const os::Cancel& cancel)> fetch;
};

class Builder : public engine::Builder {
  public:
    Builder(BuilderOptions options, store::Store& store, images::Images& images, runtime::Runtime& runtime);

    std::string build(const engine::BuildSpec& spec, base::Reporter& reporter,
                      const std::function<void(std::string_view)>& output, const os::Cancel& cancel) override;

  private:
    BuilderOptions options_;
    store::Store& store_;
    images::Images& images_;
    runtime::Runtime& runtime_;
    Cache cache_;
};

}  // namespace tutti::embedded::build
