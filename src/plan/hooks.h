// Lifecycle hooks: commands run inside a container after its start or before its stop, and the end of their output for
// the message when one fails.
// Used by run and by verbs that stop or restart.
// pre_start hooks are containers of their own: see run.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "model/develop.h"
#include "os/scope.h"

namespace tutti::plan {

using HookOutput = std::function<void(const std::string& source, std::string_view line)>;

// Throws Error "SERVICE hook exited with status N: last lines".
void run_hook(engine::Engine& engine, const std::string& container, const std::string& source,
              const std::string& service, bool tty, const model::Hook& hook, const HookOutput& output,
              const os::Cancel& cancel);

// The last 10 lines, at most 2 KB, of what was written to it.
class OutputTail {
  public:
    void add(std::string_view bytes, const std::function<void(std::string_view line)>& on_line = {});
    std::string text() const;

  private:
    void push(std::string line);
    std::vector<std::string> lines_;
    std::string partial_;
};

}  // namespace tutti::plan
