#include "verbs/single.h"

#include <memory>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace tutti::verbs {

using base::Error;
using base::ErrorKind;

namespace {

JoinOptions join_options(const engine::Container& container, engine::Engine& engine, const SingleOptions& options) {
    JoinOptions joining;
    joining.stdin_ = options.in;
    joining.tty = container.spec.tty;
    if (!options.detach_keys.empty()) joining.detach_keys = options.detach_keys;
    if (options.forward_signals)
        joining.forward = [&engine, id = container.id](int signal) {
            try {
                engine.containers().kill(id, std::to_string(signal));
            } catch (const Error&) {  // it has just ended
            }
        };
    return joining;
}

void need_terminal(const engine::Container& container, const SingleOptions& options, const Stdio& stdio) {
    if (container.spec.tty && options.in && !stdio.in_is_terminal)
        throw Error(ErrorKind::invalid, "the input device is not a TTY", "leave -t out");
}

}  // namespace

int exit_code_of(engine::Engine& engine, const std::string& id, const engine::LabelFilter& labels, bool until_removed,
                 os::Queue<int>& listening, os::Scope& scope) {
    std::optional<int> code;
    os::Scope events = scope.child();
    engine::EventOptions wish;
    wish.labels = labels;
    wish.ready = [&] { listening.push(1); };
    try {
        engine.system().events(
            wish,
            [&](const engine::Event& event) {
                if (event.type != "container" || event.id != id) return;
                const auto given = event.attributes.find("exitCode");
                if (event.action == "die" && given != event.attributes.end())
                    code = static_cast<int>(base::to_int(given->second).value_or(0));
                if (code && (event.action == "destroy" || !until_removed)) events.cancel().cancel();
            },
            events.cancel());
    } catch (const base::Cancelled&) { scope.cancel().check(); } catch (...) {
        listening.close();
        throw;
    }
    return code.value_or(0);
}

int start_joined(const std::string& name, engine::Engine& engine, const SingleOptions& options, const Stdio& stdio,
                 os::Scope& scope) {
    const engine::Container container = engine.containers().inspect(name);
    need_terminal(container, options, stdio);
    const std::unique_ptr<engine::Attached> attached =
        engine.containers().attach(container.id, {options.in, options.out, options.err, false});
    // Listening for the end before the start: an auto-removed container is gone right after it.
    int code = 0;
    os::Scope waiting = scope.child();
    os::Queue<int> listening;
    waiting.spawn([&] {
        code = exit_code_of(engine, container.id, {}, container.spec.auto_remove, listening, waiting);
        listening.close();
    });
    listening.pop();
    for (const std::string& note : engine.containers().start(container.id))
        stdio.err(base::cat("WARNING: ", note, "\n"));
    if (join(*attached, stdio, join_options(container, engine, options), scope) == Joined::detached) {
        waiting.cancel_and_join();
        return 0;
    }
    waiting.join();
    return code;
}

int attach_to(const std::string& name, engine::Engine& engine, const SingleOptions& options, const Stdio& stdio,
              os::Scope& scope) {
    const engine::Container container = engine.containers().inspect(name);
    if (container.state == engine::ContainerState::paused)
        throw Error(ErrorKind::conflict, "You cannot attach to a paused container, unpause it first");
    if (container.state != engine::ContainerState::running)
        throw Error(ErrorKind::conflict, "You cannot attach to a stopped container, start it first");
    SingleOptions own = options;
    own.in = options.in && container.spec.open_stdin;
    need_terminal(container, own, stdio);
    const auto attached = engine.containers().attach(container.id, {own.in, own.out, own.err, false});
    if (join(*attached, stdio, join_options(container, engine, own), scope) == Joined::detached) return 0;
    return engine.containers().wait(container.id, engine::WaitFor::not_running, scope.cancel());
}

}  // namespace tutti::verbs
