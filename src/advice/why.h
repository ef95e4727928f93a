// Why a container is not well: exit code in words, the last probe, the last lines of its log.
// Used at the end of a failed `up` and by `why`.
// Reads only; never throws: what cannot be found out is left out.
#pragma once

#include <string>

#include "engine/engine.h"

namespace tutti::advice {

std::string exit_in_words(int code);  // "137: killed (SIGKILL), often by the out-of-memory killer"

// Some lines, or nothing when the container is fine.
std::string why(engine::Engine& engine, const std::string& container, std::int64_t log_lines = 10);

}  // namespace tutti::advice
