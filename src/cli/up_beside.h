// What goes on beside an attached up: files are watched, and the keys of its menu obeyed.
// Used by up.
// Stops nothing itself: it asks through the queue of signals.
#pragma once

#include <optional>

#include "cli/session.h"
#include "verbs/watch.h"

namespace tutti::cli {

class UpBeside {
  public:
    UpBeside(const model::Project& project, Session& session, const verbs::CreateOptions& create,
             base::Reporter& reporter, verbs::LogFace& face, os::Queue<int>& signals,
             const std::vector<std::string>& services);

    bool watch = false, menu = false;

    void run(os::Scope& scope);  // until cancelled

  private:
    void toggle_watch(os::Scope& scope);
    void obey_keys(os::Scope& scope);
    void show_menu();

    const model::Project& project_;
    Session& session_;
    base::Reporter& reporter_;
    verbs::LogFace& face_;
    os::Queue<int>& signals_;
    verbs::WatchOptions options_;
    std::optional<os::Scope> watching_;
};

}  // namespace tutti::cli
