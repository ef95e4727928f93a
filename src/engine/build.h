// Building images from a context: an ability that not every maker has (Engine::builder is asked for it).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/container_spec.h"
#include "engine/values.h"
#include "os/scope.h"

namespace tutti::engine {

struct BuildSecret {
    std::string id, file, environment_value;  // exactly one of file and value is set
    bool has_value = false;
};

struct BuildSpec {
    std::string context;     // folder, git URL, or "-" with an archive on standard input
    std::string dockerfile;  // path relative to the context; empty: Dockerfile
    std::string dockerfile_inline;
    std::string target, network, platform, isolation;
    std::vector<std::string> tags, cache_from, cache_to, no_cache_filter, extra_hosts, entitlements, platforms;
    std::map<std::string, std::string> args, labels, contexts, ssh;
    std::vector<std::string> inherited_args;  // named without a value and without one in the environment
    std::vector<BuildSecret> secrets;
    std::vector<Ulimit> ulimits;
    std::int64_t shm_size = 0;
    bool pull = false, no_cache = false, privileged = false, push = false, check_only = false, quiet = false;
    std::string provenance, sbom;
    std::string progress_id;
};

class Builder {
  public:
    virtual ~Builder() = default;
    // The image's id. Output of the steps goes to the reporter as details of progress_id and as lines to `output`.
    virtual std::string build(const BuildSpec& spec, base::Reporter& reporter,
                              const std::function<void(std::string_view)>& output, const os::Cancel& cancel) = 0;
};

}  // namespace tutti::engine
