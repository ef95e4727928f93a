// Logs, attach and exec of the fake's containers.
// Used by engine/fake/containers.cpp.
// No terminals: what is sent to a container comes back as its output.
#pragma once

#include <memory>
#include <string>

#include "engine/fake/world.h"

namespace tutti::engine::fake {

void read_log(World& world, const std::string& name, const LogOptions& options, const LogSink& sink,
              const os::Cancel& cancel);
std::unique_ptr<Attached> make_attached(World& world, std::string id, const AttachOptions& options);
std::unique_ptr<Exec> make_exec(Behaviour::Ran ran);

}  // namespace tutti::engine::fake
