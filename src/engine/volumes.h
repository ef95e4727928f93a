// Named volumes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/values.h"

namespace tutti::engine {

struct VolumeSpec {
    std::string name;    // empty: the engine makes one up (anonymous)
    std::string driver;  // empty: local
    Options driver_opts;
    Labels labels;
    bool operator==(const VolumeSpec&) const = default;
};

struct Volume : VolumeSpec {
    std::string mountpoint, scope = "local";
    Time created;
    std::int64_t size = -1;  // bytes; -1: not asked for
    int users = -1;          // containers; -1: not asked for
};

class Volumes {
  public:
    virtual ~Volumes() = default;
    virtual std::vector<Volume> list(const LabelFilter& labels = {}) = 0;
    virtual std::optional<Volume> find(const std::string& name) = 0;
    virtual std::string create(const VolumeSpec& spec) = 0;        // the name; exists with the same spec: no error
    virtual void remove(const std::string& name, bool force) = 0;  // conflict: a container uses it
    virtual std::vector<std::string> prune(bool all, const LabelFilter& labels) = 0;  // names; all: named ones too
};

}  // namespace tutti::engine
