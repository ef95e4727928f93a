// The standard streams of the person who runs a verb, joined to a process in a container: raw terminal, window size,
// detach keys, stdin half-closed at its end.
// Used by exec, run and attach.
// Reads no environment: cli says what is a terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/containers.h"
#include "os/scope.h"

namespace tutti::verbs {

struct Stdio {
    int in = 0;  // descriptor, read only when stdin is wanted
    std::function<void(std::string_view)> out, err;
    bool in_is_terminal = false, out_is_terminal = false;
    int terminal = 1;  // descriptor whose window size counts
    // Signals while the verb runs: SIGWINCH resizes, others are for the caller.
    os::Queue<int>* signals = nullptr;
};

struct JoinOptions {
    bool stdin_ = false, tty = false;
    std::string detach_keys = "ctrl-p,ctrl-q";
    std::function<void(int signal)> forward;  // what to do with a signal
};

enum class Joined { ended, detached };
Joined join(engine::Attached& attached, const Stdio& stdio, const JoinOptions& options, os::Scope& scope);

// "ctrl-p,ctrl-q" → bytes. Throws invalid.
std::string parse_detach_keys(std::string_view text);

}  // namespace tutti::verbs
