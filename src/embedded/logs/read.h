// Reading what containers wrote: json-file logs with their rotated files, from the end without reading the rest, and
// on and on while the container runs. Used by the container face. Writing them is logs/write, in the shim.
#pragma once

#include <string>
#include <vector>

#include "engine/containers.h"
#include "os/scope.h"

namespace tutti::embedded::logs {

// The lines that `options` ask for. With options.follow it goes on until `ended` is readable (the container has exited
// and its shim has written everything) and all is read. Throws Cancelled.
void read(const std::string& path, const engine::LogOptions& options, int ended, const engine::LogSink& sink,
          const os::Cancel& cancel);

// One line of a json-file log. Nothing: it is no such line (torn by a crash, or foreign).
std::optional<engine::LogLine> parse_line(std::string_view line);

}  // namespace tutti::embedded::logs
