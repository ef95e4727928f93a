// The live table of what containers use, with the fields of docker's formats.
// Used by stats and container stats.
// Chooses no containers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/session.h"

namespace tutti::cli {

struct StatsSource {
    std::string id, name;
    bool running = false;
};
// Once with --no-stream, else every second until the scope is cancelled. --format and --no-trunc are the command's.
int show_stats(const Arguments& arguments, Session& session, const std::function<std::vector<StatsSource>()>& sources);

}  // namespace tutti::cli
