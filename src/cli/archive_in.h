// An archive that a command reads: a file, or standard input for "-".
// Used by image load, image import and cp.
// Reads as it is asked for more; nothing is held.
#pragma once

#include <functional>
#include <string>

#include "cli/session.h"

namespace tutti::cli {

// "" at the end. Throws Error at once when the file cannot be opened.
std::function<std::string()> archive_in(const std::string& path, const Session& session);

}  // namespace tutti::cli
