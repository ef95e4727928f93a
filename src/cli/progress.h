// The faces of progress: tty (a frame that is redrawn), plain (a line an event), json, quiet. All on standard error.
// Made by commands for one operation each.
// The frame itself is drawn by progress_frame.h, a pure function.
#pragma once

#include <memory>
#include <string>

#include "base/reporter.h"
#include "cli/session.h"

namespace tutti::cli {

class ProgressFace : public base::Reporter {
  public:
    // Draws what is left to draw; nothing is drawn after it, and progress shows as lines.
    virtual void finish() {}
};

// operation: "up"; attached: starts and their ends are not shown, as logs follow.
std::unique_ptr<ProgressFace> make_progress(Session& session, const std::string& operation, bool dry_run = false,
                                            bool attached = false);

}  // namespace tutti::cli
