// cp: files between this machine and the containers of a service, with the rules of `docker cp` for what takes which
// name.
// Used by cli. Running or stopped containers alike, found by labels.
// Not between two services.
#pragma once

#include <functional>
#include <string>

#include "base/reporter.h"
#include "engine/engine.h"
#include "os/scope.h"

namespace tutti::verbs {

struct CopyOptions {
    std::string source, destination;  // "web:/etc/hosts", a path of this machine, or "-": an archive
    int index = 0;
    bool all = false;          // one-offs of the service too
    bool archive = false;      // files keep their owners
    bool follow_link = false;  // a link as the source stands for what it points at
    bool dry_run = false;
    std::string folder;  // where relative paths of this machine start
    std::size_t parallel = 0;
    std::function<std::string()> in;            // the archive of "-"; "" at its end
    std::function<void(std::string_view)> out;  // where that of "-" goes
};
// Without a project the names are those of containers.
void copy(const std::string& project, engine::Engine& engine, const CopyOptions& options, base::Reporter& reporter,
          os::Scope& scope);

}  // namespace tutti::verbs
