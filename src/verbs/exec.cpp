#include "verbs/exec.h"

#include "base/error.h"
#include "os/terminal.h"
#include "verbs/containers.h"

namespace tutti::verbs {

int exec_in(const std::string& container, engine::Engine& engine, engine::ExecSpec spec, bool interactive,
            const Stdio& stdio, os::Scope& scope) {
    if (spec.tty && interactive && !spec.detach && !stdio.in_is_terminal)
        throw base::Error(base::ErrorKind::invalid, "the input device is not a TTY", "add -T");
    spec.attach_stdin = interactive && !spec.detach;
    if (spec.tty) {
        const os::TerminalSize size = os::terminal_size(stdio.terminal);
        spec.rows = size.rows;
        spec.columns = size.columns;
    }
    const std::unique_ptr<engine::Exec> exec = engine.containers().exec(container, spec);
    if (spec.detach) return 0;
    JoinOptions options;
    options.stdin_ = interactive;
    options.tty = spec.tty;
    options.forward = [&](int) { scope.cancel().cancel(); };  // a second command may still hold the container
    if (join(exec->streams(), stdio, options, scope) == Joined::detached) return 0;
    return exec->wait(scope.cancel());
}

int exec(const std::string& project, engine::Engine& engine, ExecOptions options, const Stdio& stdio,
         os::Scope& scope) {
    const state::Container container =
        find_container(engine, project, options.service, options.index, Which::any, false);
    return exec_in(container.id(), engine, std::move(options.spec), options.interactive, stdio, scope);
}

}  // namespace tutti::verbs
