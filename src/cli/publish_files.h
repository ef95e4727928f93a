// The files that make a project portable: Compose files whose local env files and bases of `extends` are renamed to
// files of the same artifact, and those files.
// Used by publish. Reads what it must through the session's files.
// Uploads nothing and asks nobody.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace tutti::cli {

// files: the Compose files, absolute. Throws Error: local includes, paths with variables in them.
std::vector<ArtifactFile> files_to_publish(const Session& session, const std::vector<std::string>& files);

}  // namespace tutti::cli
