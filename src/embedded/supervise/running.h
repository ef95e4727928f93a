// A hold on one run of a container: signal it, know when it has ended. Through its shim, or, should somebody have
// killed that, through the process itself. Used by stop, kill, wait, attach's end and settle.
#pragma once

#include <optional>

#include "embedded/records/view.h"
#include "embedded/shim/client.h"
#include "os/scope.h"

namespace tutti::embedded::supervise {

class Running {
  public:
    // Nothing: that run has ended.
    static std::optional<Running> hold(const records::Folder& folder, const records::State& state);

    void signal(int number);  // one that comes too late is no error
    int fd() const;           // readable once the run has ended
    // Its exit record; code 255 if its shim died before it. Nothing: `until` has passed.
    std::optional<shim::ExitRecord> wait(const os::Cancel& cancel, os::Until until = std::nullopt);

  private:
    Running() = default;
    std::string folder_;
    std::optional<shim::Client> shim_;
    os::Fd process_;  // a pidfd, where there is no shim
};

shim::ExitRecord vanished();  // of a run whose end nobody saw

}  // namespace tutti::embedded::supervise
