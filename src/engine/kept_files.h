// External secrets and configs of this machine: files by name, kept outside any project and any engine.
// Made by embedded/store; used by the secret and configs commands and by the plan, for `external: true`.
// No versions: a name is kept once, and given again only when it was removed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/values.h"

namespace tutti::engine {

enum class KeptKind { secret, config };

struct KeptFile {
    std::string id, name;
    Time created;
    std::int64_t size = 0;  // bytes
    Labels labels;
};

// A file may be named by name, id or unique id prefix. Throws Error: conflict (the name is taken), invalid (a name or a
// size that Docker refuses), denied (the key is another's or was replaced).
class KeptFiles {
  public:
    virtual ~KeptFiles() = default;
    virtual std::vector<KeptFile> list(KeptKind kind) = 0;  // by name
    virtual std::optional<KeptFile> find(KeptKind kind, const std::string& name) = 0;
    virtual std::string create(KeptKind kind, const KeptFile& file, const std::string& content) = 0;  // the id
    virtual void remove(KeptKind kind, const std::string& name) = 0;  // not_found: there is none
    virtual std::string content(KeptKind kind, const std::string& name) = 0;
};

}  // namespace tutti::engine
