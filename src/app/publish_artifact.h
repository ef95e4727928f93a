// A project's files as an OCI artifact in a registry, in the form that Compose reads: the other side of fetch_artifact.
// Used by main for the command publish.
// Chooses no files.
#pragma once

#include <string>
#include <vector>

#include "app/registries.h"
#include "cli/session.h"

namespace tutti::app {

// version: "1.0", "1.1", or empty for the newest that the registry takes.
void publish_artifact(const std::string& reference, const std::vector<cli::ArtifactFile>& files,
                      const std::string& version, const Environment& environment, const os::Cancel& cancel);

}  // namespace tutti::app
