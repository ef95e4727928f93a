// env_file and label_file of services become `environment` and `labels`; bare `KEY` entries take the value of the
// loader's environment. Used by load, and by commands that load without it and resolve later (`config --hash`).
#pragma once

#include "base/files.h"
#include "compose/environment.h"
#include "doc/diagnostics.h"
#include "model/project.h"

namespace tutti::compose {

// For the enabled services; drops their env_file lists afterwards. `tree` says where things are written; it may be
// null.
void resolve_env_files(model::Project& project, const doc::Node& tree, const Environment& environment,
                       const base::Files& files, doc::Sources& sources, doc::Diagnostics& diagnostics);
// Likewise, below what `labels` says; the label_file lists stay.
void resolve_label_files(model::Project& project, const doc::Node& tree, const base::Files& files,
                         doc::Sources& sources, doc::Diagnostics& diagnostics);

// For `config --explain`: what these files bring goes into the tree of one service, each value where it is written, and
// what overrides it knows of it.
void lay_files_under(doc::Node& service, const model::Service& typed, const Environment& environment,
                     const base::Files& files, doc::Sources& sources, doc::Diagnostics& diagnostics);

}  // namespace tutti::compose
