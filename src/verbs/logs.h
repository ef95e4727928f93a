// logs: what containers wrote, in the order of time; with follow, also what they and later ones will write.
// Used by cli, tui and web.
// Colours and prefixes are the face's.
#pragma once

#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/engine.h"
#include "os/scope.h"
#include "verbs/faces.h"
#include "verbs/lifecycle.h"

namespace tutti::verbs {

struct LogsOptions {
    bool follow = false;
    int index = 0;  // of one service's container; 0: all
    engine::Time since{}, until{};
    std::int64_t tail = -1;
    std::string grep;  // only lines that hold this text
};
void logs(const Target& target, engine::Engine& engine, const LogsOptions& options, base::Reporter& reporter,
          LogFace& face, os::Scope& scope);

}  // namespace tutti::verbs
