// A file that a command writes for the user: it takes its name only once it is whole.
// Used by export and image save.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/session.h"

namespace tutti::cli {

using ByteSink = std::function<void(std::string_view)>;

// path: as the user gave it, relative to the session's folder. Throws Error; then there is no file of that name that
// was not there before.
void write_in_place(const Session& session, const std::string& path, const std::function<void(const ByteSink&)>& write);

}  // namespace tutti::cli
