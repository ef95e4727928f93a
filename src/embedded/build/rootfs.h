// Root file systems of stages, seen for a moment: overlays mounted in a mount namespace of one thread, so that nothing
// shows on the host and all is gone with the thread. Used by COPY, ADD, WORKDIR and the set-up of RUN.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "os/fd.h"
#include "os/file.h"

namespace tutti::embedded::build {

// A scratch folder of one step: upper and work of its overlay, an empty folder as the lowest layer. Gone with the
// object.
class StepFolder {
  public:
    explicit StepFolder(const std::string& parent);
    const std::string& upper() const { return upper_; }
    const std::string& work() const { return work_; }
    const std::string& empty() const { return empty_; }
    const std::string& root() const { return root_; }  // an empty folder to mount on
    std::string make(const std::string& name) const;   // one more folder

  private:
    os::TempFolder folder_;
    std::string upper_, work_, empty_, root_;
};

// Runs `work` on a thread with a mount namespace of its own, propagating nothing; its error is thrown here.
void with_private_mounts(const std::function<void()>& work);

// Inside with_private_mounts: mounts lowers (highest first; may be none) and opens the root. upper empty: read-only.
os::Fd mount_overlay(const std::vector<std::string>& lower, const std::string& upper, const std::string& work,
                     const StepFolder& folder, const std::string& at);

}  // namespace tutti::embedded::build
