// Building on a Docker engine: the `docker buildx` program does it, which is installed wherever people build there
// (BuildKit is reached through it). Used by engine.cpp. Transfers no context itself.
#pragma once

#include "docker/client/api.h"
#include "engine/build.h"

namespace tutti::docker::client {

class BuildxBuilder : public engine::Builder {
  public:
    explicit BuildxBuilder(Api& api) : api_(api) {}
    std::string build(const engine::BuildSpec& spec, base::Reporter& reporter,
                      const std::function<void(std::string_view)>& output, const os::Cancel& cancel) override;

  private:
    Api& api_;
};

// The command line after `docker`; secrets with a value go through the environment (name → value). For tests.
std::vector<std::string> buildx_words(const engine::BuildSpec& spec, const std::string& iid_file,
                                      std::map<std::string, std::string>& environment);

}  // namespace tutti::docker::client
