// Numbers and tables about a running container's processes. Used by the container face.
#pragma once

#include <sys/types.h>

#include "embedded/runtime/runtime.h"
#include "engine/containers.h"

namespace tutti::embedded {

// `ps_args`: as for ps(1); empty, "-ef" and "aux" are answered from /proc, others are refused by name.
engine::ProcessTable process_table(const std::vector<pid_t>& pids, const std::vector<std::string>& ps_args);

engine::Stats usage_of(const runtime::Stats& stats, int pid);

}  // namespace tutti::embedded
