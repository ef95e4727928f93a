// What the flags of container run and create say, as the container to create, and what the two commands do.
// Used by run_flags.cpp, where the flags and the commands stand. The image's defaults are the engine's to merge in.
// container_spec() pulls nothing and asks no engine.
#pragma once

#include "cli/command.h"
#include "cli/session.h"
#include "engine/container_spec.h"

namespace tutti::cli {

// Reads files that flags name (--env-file, --label-file, seccomp profiles). Throws Error (invalid, unsupported).
engine::ContainerSpec container_spec(const Arguments& arguments, const Session& session);

int create_container(const Arguments& arguments, Session& session);
int run_container(const Arguments& arguments, Session& session);  // the exit status is the process's

}  // namespace tutti::cli
