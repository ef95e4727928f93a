// Traps that can be seen in the files of a project alone: before anything is pulled or started.
// Used by config, plan, up and create, through cli.
// Asks no engine; what needs the images is image_lint.h, what needs failed containers why.h.
#pragma once

#include "advice/finding.h"
#include "base/files.h"
#include "model/project.h"

namespace tutti::advice {

struct LintOptions {
    bool other_profiles = false;  // also what would happen with profiles that are not active now
    bool here = true;             // the containers run on this machine: its devices and files count
};

Findings lint(const model::Project& project, const base::Files& files, const LintOptions& options);

}  // namespace tutti::advice
