// Images: list, pull, push, tag, remove, move in and out as archives. Building is a face of its own (engine/build.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reporter.h"
#include "engine/values.h"
#include "os/scope.h"

namespace tutti::engine {

struct ImageSummary {
    std::string id;                          // "sha256:…", the config's digest
    std::vector<std::string> tags, digests;  // "busybox:latest", "busybox@sha256:…"
    Time created, last_tagged;
    std::int64_t size = 0;  // bytes on disk
    Labels labels;
    std::string os, architecture, variant;
};

struct Image : ImageSummary {
    std::vector<std::string> entrypoint, command, env, shell;
    std::string user, working_dir, stop_signal, author, comment;
    std::vector<std::string> exposed_ports, volumes;
    std::optional<HealthCheck> health_check;
    std::vector<std::string> layers;  // diff ids
};

struct HistoryRow {
    std::string id, created_by, comment;
    std::vector<std::string> tags;
    Time created;
    std::int64_t size = 0;
};

struct PullOptions {
    std::string platform;     // "linux/arm64/v8"; empty: this machine's
    std::string progress_id;  // id of the task that the layers are reported under, "Image busybox:latest"
    bool quiet = false;
};

struct RemovedImage {
    std::vector<std::string> untagged, deleted;
};

class Images {
  public:
    virtual ~Images() = default;
    virtual std::vector<ImageSummary> list(const LabelFilter& labels = {}) = 0;
    virtual std::optional<Image> find(const std::string& reference) = 0;  // nothing: not here
    virtual void pull(const std::string& reference, const PullOptions& options, base::Reporter& reporter,
                      const os::Cancel& cancel) = 0;
    virtual void push(const std::string& reference, const PullOptions& options, base::Reporter& reporter,
                      const os::Cancel& cancel) = 0;
    virtual void tag(const std::string& source, const std::string& target) = 0;
    virtual RemovedImage remove(const std::string& reference, bool force) = 0;  // conflict: a container uses it
    virtual std::vector<HistoryRow> history(const std::string& reference) = 0;
    virtual void save(const std::vector<std::string>& references,
                      const std::function<void(std::string_view)>& sink) = 0;
    virtual std::vector<std::string> load(
        const std::function<std::string()>& source) = 0;  // references; source returns "" at the end
    virtual std::string import(const std::function<std::string()>& source, const std::string& reference,
                               const std::vector<std::string>& changes) = 0;
    // What a registry says a reference is now, without pulling: "sha256:…".
    virtual std::string remote_digest(const std::string& reference, const os::Cancel& cancel) = 0;
    virtual std::vector<std::string> prune(bool all_unused, const LabelFilter& labels) = 0;  // ids
};

}  // namespace tutti::engine
