// watch: what `develop.watch` says is done when files change: they are copied into containers, services restart, run a
// command, or are built anew.
// Used by cli's watch and up --watch. Changes come from inotify; many that come together are one batch.
// Starts no services: up does, before.
#pragma once

#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/engine.h"
#include "os/scope.h"
#include "verbs/faces.h"
#include "verbs/up.h"

namespace tutti::verbs {

struct WatchOptions {
    std::vector<std::string> services;  // empty: all
    bool prune = true;                  // images that a rebuild replaced
    bool no_build = false;
    bool verbose = false;  // also the end of each batch is told
    CreateOptions create;  // for rebuilds
};

// Throws Error when no service says what to watch, or one cannot be done: before anything is started.
void check_watch(const model::Project& project, const WatchOptions& options, base::Reporter& reporter);

// Until cancelled (then it returns). A batch that fails is told and the next awaited.
void watch(const model::Project& project, engine::Engine& engine, const WatchOptions& options, base::Reporter& reporter,
           LogFace& face, os::Scope& scope);

}  // namespace tutti::verbs
