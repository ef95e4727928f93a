// run: a one-off container of a service, after its dependencies.
// Used by cli.
// Its container is numbered by nobody: it has a slug in its name and labels.
#pragma once

#include <string>
#include <vector>

#include "verbs/stdio.h"
#include "verbs/up.h"

namespace tutti::verbs {

struct RunOptions {
    std::string service, name, slug;  // slug: 64 hex digits, random
    std::vector<std::string> command;
    bool has_entrypoint = false;
    std::vector<std::string> entrypoint;
    std::vector<std::string> cap_add, cap_drop;
    std::vector<std::pair<std::string, std::string>> environment, labels;
    std::string user, working_dir;
    bool detach = false, auto_remove = false, tty = false, interactive = true, aliases = false, no_deps = false;
};
// before_attach: the terminal is the process's from then on.
// The exit code of the process, or 0 when detached (the id is then written to stdio.out).
int run(model::Project project, engine::Engine& engine, const RunOptions& options, const CreateOptions& create,
        const Stdio& stdio, base::Reporter& reporter, os::Scope& scope, const std::function<void()>& before_attach);

}  // namespace tutti::verbs
