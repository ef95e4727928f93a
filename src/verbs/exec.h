// exec: a command in a running container of a service, joined to the standard streams.
// Used by cli.
// The container is found by labels: no file is needed.
#pragma once

#include <string>

#include "engine/engine.h"
#include "os/scope.h"
#include "verbs/stdio.h"

namespace tutti::verbs {

struct ExecOptions {
    std::string service;
    int index = 0;
    engine::ExecSpec spec;
    bool interactive = true;
};
// The exit code of the command; 0 when detached.
int exec(const std::string& project, engine::Engine& engine, ExecOptions options, const Stdio& stdio, os::Scope& scope);
// The same in a container by name or id.
int exec_in(const std::string& container, engine::Engine& engine, engine::ExecSpec spec, bool interactive,
            const Stdio& stdio, os::Scope& scope);

}  // namespace tutti::verbs
