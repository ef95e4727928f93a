#include "base/error.h"
#include "cli/commands.h"
#include "cli/stdio.h"
#include "cli/target.h"
#include "verbs/containers.h"

namespace tutti::cli {

namespace {

int attach(const Arguments& arguments, Session& session) {
    const auto name = project_name(arguments, session);
    if (!name) return 1;
    engine::Engine& engine = session.engine();
    const state::Container found = verbs::find_container(
        engine, *name, arguments.rest()[0], static_cast<int>(arguments.number("index")), verbs::Which::any, false);
    const engine::Container container = engine.containers().inspect(found.id());
    if (container.state == engine::ContainerState::paused)
        throw base::Error(base::ErrorKind::conflict, "cannot attach to a paused container, unpause it first");
    const bool with_input = !arguments.on("no-stdin") && container.spec.open_stdin;
    if (with_input && container.spec.tty && !session.in_is_terminal)
        throw base::Error(base::ErrorKind::invalid, "the input device is not a TTY", "add --no-stdin");
    const auto attached = engine.containers().attach(container.id, {with_input, true, true, false});
    const JoinedStdio joined(session);
    verbs::JoinOptions options;
    options.stdin_ = with_input;
    options.tty = container.spec.tty;
    if (const std::string keys = arguments.text("detach-keys"); !keys.empty()) options.detach_keys = keys;
    options.forward = [&](int) { session.scope.cancel().cancel(); };  // it ends, the container goes on
    if (arguments.on("sig-proxy"))
        options.forward = [&](int signal) {
            try {
                engine.containers().kill(container.id, std::to_string(signal));
            } catch (const base::Error&) {  // it has just ended
            }
        };
    if (verbs::join(*attached, joined.stdio(), options, session.scope) == verbs::Joined::detached) return 0;
    return engine.containers().wait(container.id, engine::WaitFor::not_running, session.scope.cancel());
}

constexpr Flag flags[] = {
    {.name = "detach-keys",
     .kind = FlagKind::text,
     .help = "Override the key sequence for detaching from a container."},
    {.name = "index",
     .kind = FlagKind::integer,
     .help = "index of the container if service has multiple replicas.",
     .fallback = "0"},
    {.name = "no-stdin", .help = "Do not attach STDIN"},
    {.name = "sig-proxy", .help = "Proxy all received signals to the process", .fallback = "true"},
};

}  // namespace

constinit const Command attach_command{
    .name = "attach",
    .usage = "attach [OPTIONS] SERVICE",
    .help = "Attach local standard input, output, and error streams to a service's running container",
    .flags = flags,
    .run = attach,
    .least = 1,
    .outside = "container attach",
};

}  // namespace tutti::cli
