#include "embedded/supervise/settle.h"

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "embedded/shim/client.h"
#include "embedded/supervise/running.h"

namespace tutti::embedded::supervise {

using base::Error;

// One failed step does not keep the others from being done; the supervisor finds what stays behind.
template <class Step>
static void try_to(std::string_view what, Step&& step) {
    try {
        step();
    } catch (const Error& error) { base::log(base::cat("step=", what, " error=", error.what())); }
}

void give_back(const records::Folder& folder, const Tools& tools) {
    try_to("detach", [&] { tools.networks().detach(folder.id()); });
    if (!os::exists(folder.run_path())) return;
    try_to("acknowledge", [&] {
        if (shim::read_exit_record(folder.run_path())) shim::Client::connect(folder.run_path()).acknowledge();
    });
    try_to("remove box", [&] {
        const auto box = runtime::read_box(folder.run_path());
        tools.runtime(box.runtime).remove(box, true);
    });
    try_to("remove run folder", [&] { os::remove_tree(folder.run_path()); });
}

bool settle(const records::Folder& folder, records::State& state, const Tools& tools) {
    auto known = folder.state();
    if (!known) return false;
    state = std::move(*known);
    if (state.phase != records::Phase::running) return false;
    const auto now = records::look(folder, state);
    if (!now.exit && (now.shim_alive || now.process_alive)) return false;

    const shim::ExitRecord exit = now.exit.value_or(vanished());
    state.phase = records::Phase::ended;
    state.exit_code = exit.code;
    state.oom_killed = exit.oom;
    state.finished = engine::Time(std::chrono::nanoseconds(exit.finished_at));
    if (exit.started_at != 0) state.started = engine::Time(std::chrono::nanoseconds(exit.started_at));
    state.pid = state.shim_pid = 0;
    state.pid_started = state.shim_started = 0;
    state.paused = false;
    state.ports.clear();
    for (auto& endpoint : state.endpoints) {
        engine::Endpoint bare;  // what it is on stays known, what it had there is free for others
        bare.network = endpoint.network;
        bare.network_id = endpoint.network_id;
        bare.aliases = endpoint.aliases;
        endpoint = std::move(bare);
    }
    folder.save(state);  // before the shim may leave: its record is gone with the run folder
    if (exit.oom) records::tell(*tools.events, state, folder.id(), "oom");
    records::tell(*tools.events, state, folder.id(), "die", {{"exitCode", std::to_string(exit.code)}});
    give_back(folder, tools);
    return true;
}

}  // namespace tutti::embedded::supervise
