#include <signal.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "embedded/box.h"
#include "embedded/start.h"
#include "embedded/supervise/membership.h"
#include "embedded/supervise/running.h"
#include "embedded/tidy.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;
using namespace std::chrono_literals;

static constexpr auto usual_grace = 10s;
static constexpr auto after_kill = 30s;  // a process that SIGKILL does not end hangs in the kernel

static records::State state_or_throw(const records::Folder& folder) {
    auto state = folder.state();
    if (!state) throw Error(ErrorKind::not_found, "No such container: " + folder.id());
    return std::move(*state);
}

// The run has ended or will: what it held is given back, by us or by who was faster.
static records::State settle_now(Parts& parts, const records::Folder& folder) {
    const auto lock = folder.lock();
    records::State state;
    supervise::settle(folder, state, tools_of(parts));
    return state_or_throw(folder);
}

static void touch(Parts& parts, const records::Folder& folder) {
    supervise::Membership(parts.paths().run, folder.config().project).touch(folder.id());
}

static void await_end(supervise::Running& running, const records::Folder& folder, const os::Cancel& cancel) {
    running.signal(SIGKILL);
    if (!running.wait(cancel, os::Clock::now() + after_kill))
        throw Error(ErrorKind::timeout, cat("container ", folder.id().substr(0, 12), " does not end on SIGKILL"),
                    "its process is stuck in the kernel; look at its state in /proc");
}

// Asks the run to end, and after the grace time makes it. Under no lock, so that a kill can come in between.
static void end_run(Parts& parts, const records::Folder& folder, const records::State& state,
                    const records::Config& config, const engine::StopOptions& options, const os::Cancel& cancel) {
    auto running = supervise::Running::hold(folder, state);
    if (!running) return;
    const std::string& own = config.spec.stop_signal;
    const int number = signal_number(!options.signal.empty() ? options.signal : own.empty() ? "SIGTERM" : own);
    if (state.paused) {
        const auto box = runtime::read_box(folder.run_path());
        parts.runtime(box.runtime).resume(box);
    }
    records::tell(parts.events(), state, folder.id(), "kill", {{"signal", std::to_string(number)}});
    running->signal(number);
    const auto grace = options.timeout.value_or(
        config.spec.stop_timeout ? std::chrono::seconds(*config.spec.stop_timeout) : std::chrono::seconds(usual_grace));
    const os::Until until = grace < 0s ? os::Until() : os::Until(os::Clock::now() + grace);
    if (running->wait(cancel, until)) return;
    records::tell(parts.events(), state, folder.id(), "kill", {{"signal", std::to_string(SIGKILL)}});
    await_end(*running, folder, cancel);
}

// Writes down that a person wants it to stay stopped. True: a run is to be ended.
static bool want_stop(Parts& parts, const records::Folder& folder, records::State& state) {
    const auto lock = folder.lock();
    supervise::settle(folder, state, tools_of(parts));
    state = state_or_throw(folder);
    if (!state.stop_wanted) {
        state.stop_wanted = true;
        folder.save(state);
    }
    return state.phase == records::Phase::running;
}

void stop_container(Parts& parts, const records::Folder& folder, const engine::StopOptions& options,
                    const os::Cancel& cancel) {
    records::State state;
    if (!options.signal.empty()) signal_number(options.signal);
    if (!want_stop(parts, folder, state)) {
        if (state.restarts) touch(parts, folder);  // a restart that was due is off
        return;
    }
    {
        const base::Span span("signal and end", state.name);
        end_run(parts, folder, state, folder.config(), options, cancel);
    }
    const base::Span span("settle", state.name);
    state = settle_now(parts, folder);
    records::tell(parts.events(), state, folder.id(), "stop");
    touch(parts, folder);
}

static Error not_running(const std::string& name) {
    return Error(ErrorKind::conflict, cat("container ", name, " is not running"));
}

void kill_container(Parts& parts, const records::Folder& folder, const std::string& signal) {
    const int number = signal_number(signal.empty() ? "SIGKILL" : signal);
    auto state = state_or_throw(folder);
    const auto config = folder.config();
    const int stop_signal = config.spec.stop_signal.empty() ? SIGTERM : signal_number(config.spec.stop_signal);
    if (number == SIGKILL || number == stop_signal) {
        if (!want_stop(parts, folder, state)) {
            if (!state.restarts) throw not_running(folder.id());
            touch(parts, folder);
            return;
        }
    }
    auto running = supervise::Running::hold(folder, state);
    if (state.phase != records::Phase::running || !running) throw not_running(folder.id());
    running->signal(number);
    records::tell(parts.events(), state, folder.id(), "kill", {{"signal", std::to_string(number)}});
    if (number != SIGKILL) return;
    running->wait(os::Cancel(), os::Clock::now() + after_kill);
    settle_now(parts, folder);
    touch(parts, folder);
}

// Under the lock.
static void end_for_removal(Parts& parts, const records::Folder& folder, records::State& state, bool force) {
    supervise::settle(folder, state, tools_of(parts));
    state = state_or_throw(folder);
    if (state.phase != records::Phase::running) return;
    if (!force)
        throw Error(ErrorKind::conflict,
                    state.paused ? cat("cannot remove container \"", state.name,
                                       "\": container is paused and must be unpaused first")
                                 : cat("cannot remove container \"", state.name,
                                       "\": container is running: stop the container before removing or force remove"));
    state.stop_wanted = true;
    folder.save(state);
    if (auto running = supervise::Running::hold(folder, state)) {
        if (state.paused) {
            const auto box = runtime::read_box(folder.run_path());
            parts.runtime(box.runtime).resume(box);
        }
        records::tell(parts.events(), state, folder.id(), "kill", {{"signal", std::to_string(SIGKILL)}});
        await_end(*running, folder, os::Cancel());
    }
    supervise::settle(folder, state, tools_of(parts));
}

void remove_container(Parts& parts, const records::Folder& folder, const engine::RemoveOptions& options) {
    if (parts.is_first_change()) tidy(parts);
    const auto lock = folder.lock();
    records::State state;
    end_for_removal(parts, folder, state, options.force);
    if (os::exists(folder.run_path())) supervise::give_back(folder, tools_of(parts));  // of a start that was killed
    const auto config = folder.config();
    // From the rename on it is gone for everybody; what is left then is only disk space (tidy() frees it).
    const std::string aside = cat(parts.paths().root, "/containers/.gone-", folder.id());
    if (::rename(folder.path().c_str(), aside.c_str()) != 0) base::throw_errno(cat("removing ", folder.path()));
    parts.names().give_up(state.name, folder.id());
    supervise::Membership(parts.paths().run, config.project).forget(folder.id());
    parts.store().release(base::Digest::require(config.image_id), folder.id());
    if (options.anonymous_volumes)
        for (const auto& volume : config.anonymous_volumes) {
            if (!parts.volumes().find(volume)) continue;
            parts.volumes().remove(volume);
            records::tell(parts.events(), "volume", "destroy", volume, {{"driver", "local"}});
        }
    records::tell(parts.events(), state, folder.id(), "destroy");
    os::remove_tree(aside);
}

}  // namespace tutti::embedded
