// One container by name, joined to the person's terminal: run it, start it, attach to it. No project.
// Used by cli's container commands, and for the end of a one-off by run.
// Creates nothing: the container is there.
#pragma once

#include <string>

#include "engine/engine.h"
#include "os/scope.h"
#include "verbs/stdio.h"

namespace tutti::verbs {

struct SingleOptions {
    bool in = false, out = true, err = true;  // which streams are joined
    bool forward_signals = true;
    std::string detach_keys;  // empty: ctrl-p,ctrl-q
};

// Starts a created or stopped container and shows it until its end; until it is removed where that is its way.
// Its exit code; 0 when detached by keys.
int start_joined(const std::string& container, engine::Engine& engine, const SingleOptions& options, const Stdio& stdio,
                 os::Scope& scope);
// Joins a running one.
int attach_to(const std::string& container, engine::Engine& engine, const SingleOptions& options, const Stdio& stdio,
              os::Scope& scope);

// The exit code of a container that is not yet started, listening from now on: waits until it has ended (with
// until_removed, until it is gone). `listening` gets a word once no event can be missed, and is closed when that
// failed. `labels` narrow the events to look at.
int exit_code_of(engine::Engine& engine, const std::string& id, const engine::LabelFilter& labels, bool until_removed,
                 os::Queue<int>& listening, os::Scope& scope);

}  // namespace tutti::verbs
