// Env files: the grammar of .env and env_file, and the raw format of `docker run --env-file`.
// Used by load for .env, --env-file, env_file, label_file and include's env_file. Opens no file.
#pragma once

#include <string_view>

#include "compose/environment.h"
#include "doc/diagnostics.h"

namespace tutti::compose {

// Adds what `text` (number `file` of the sources) assigns to `out`. `$X` and a bare `X` ask `outer` first, then what
// `out` holds. False after an error; `out` then holds the assignments before it.
bool read_dotenv(std::string_view text, std::uint32_t file, const Lookup& outer, Environment& out,
                 doc::Diagnostics& diagnostics);

// No quotes, no interpolation; a bare key asks `outer`.
bool read_raw_env(std::string_view text, std::uint32_t file, const Lookup& outer, Environment& out,
                  doc::Diagnostics& diagnostics);

}  // namespace tutti::compose
