// One change of a project at a time: two shells that say `up` come one after the other, and the second says for whom it
// waits.
// Used by verbs that change a project. A lock of a process that is gone is no lock.
// Not for reading verbs.
#pragma once

#include <optional>
#include <string>

#include "base/reporter.h"
#include "os/file.h"
#include "os/scope.h"

namespace tutti::verbs {

class ProjectLock {
  public:
    // folder empty: no lock. what: "up", for the message to others.
    ProjectLock(const std::string& folder, const std::string& project, const std::string& what,
                base::Reporter& reporter, const os::Cancel& cancel);

  private:
    std::optional<os::FileLock> lock_;
};

}  // namespace tutti::verbs
