// The session's standard streams for a verb that joins them to a process, and its signals for as long as it runs.
// Used by exec, run and attach.
// Nothing else reads standard input meanwhile.
#pragma once

#include "cli/session.h"
#include "verbs/stdio.h"

namespace tutti::cli {

class JoinedStdio {
  public:
    explicit JoinedStdio(Session& session);
    ~JoinedStdio();
    JoinedStdio(const JoinedStdio&) = delete;
    JoinedStdio& operator=(const JoinedStdio&) = delete;

    const verbs::Stdio& stdio() const { return stdio_; }

  private:
    Session& session_;
    os::Queue<int> signals_;
    verbs::Stdio stdio_;
};

}  // namespace tutti::cli
