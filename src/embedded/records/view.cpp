#include "embedded/records/view.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "base/text.h"

namespace tutti::embedded::records {

using engine::ContainerState;

static constexpr int vanished_code = 255;  // Docker's for a run whose end nobody saw

static engine::Time from_nanoseconds(std::int64_t count) { return engine::Time(std::chrono::nanoseconds(count)); }

static void show_run(View& view, const Evidence& evidence) {
    const State& state = evidence.state;
    if (evidence.exit) {
        view.state = ContainerState::exited;
        view.exit_code = evidence.exit->code;
        view.oom_killed = evidence.exit->oom;
        view.finished = from_nanoseconds(evidence.exit->finished_at);
        view.settled = false;
    } else if (evidence.shim_alive || evidence.process_alive) {
        view.state = state.paused ? ContainerState::paused : ContainerState::running;
        view.pid = state.pid;
        view.finished = {};
    } else {
        view.state = ContainerState::exited;
        view.exit_code = vanished_code;
        view.settled = false;
    }
}

View view(const Evidence& evidence) {
    const State& state = evidence.state;
    View view;
    view.started = state.started;
    view.finished = state.finished;
    view.exit_code = state.exit_code;
    view.oom_killed = state.oom_killed;
    switch (state.phase) {
        case Phase::created:
        case Phase::starting: view.state = ContainerState::created; break;
        case Phase::running: show_run(view, evidence); break;
        case Phase::ended: view.state = ContainerState::exited; break;
        case Phase::dead: view.state = ContainerState::dead; break;
    }
    if (evidence.restart) {
        view.restart_count = evidence.restart->count;
        const bool due = evidence.restart->waiting && evidence.restart->run == state.run && !state.stop_wanted;
        if (due && view.state == ContainerState::exited) view.state = ContainerState::restarting;
    }
    if (state.removing) view.state = ContainerState::removing;

    const bool living = view.state == ContainerState::running || view.state == ContainerState::paused;
    if (state.has_health_check) {
        const bool told = evidence.health && evidence.health->run == state.run;
        if (told)
            view.health = evidence.health->status;
        else if (living)
            view.health = engine::Health::starting;
    }
    return view;
}

std::uint64_t process_start_time(int pid) {
    const os::Fd file(::open(base::cat("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return 0;
    std::array<char, 1024> buffer;
    const auto n = ::read(file.get(), buffer.data(), buffer.size());
    if (n <= 0) return 0;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
    const auto name_end = text.rfind(')');  // the name before it may hold anything
    if (name_end == std::string_view::npos) return 0;
    const auto fields = base::split(text.substr(name_end + 2), ' ');
    // Fields count from 1 and the state after the name is the third, the start time the 22nd. A zombie lives no more.
    if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return 0;
    return base::to_uint(fields[19]).value_or(0);
}

bool process_alive(int pid, std::uint64_t started) {
    return pid > 0 && started != 0 && process_start_time(pid) == started;
}

std::string boot_id() { return std::string(base::trim(os::read_file("/proc/sys/kernel/random/boot_id"))); }

Evidence look(const Folder& folder, State state) {
    Evidence evidence;
    evidence.state = std::move(state);
    const State& known = evidence.state;
    if (known.phase == Phase::running) {
        evidence.exit = shim::read_exit_record(folder.run_path());
        if (!evidence.exit) {
            evidence.shim_alive = process_alive(known.shim_pid, known.shim_started);
            // Asked for only then, as a shim writes the record before it leaves.
            if (!evidence.shim_alive) {
                evidence.exit = shim::read_exit_record(folder.run_path());
                evidence.process_alive = !evidence.exit && process_alive(known.pid, known.pid_started);
            }
        }
    }
    if (known.has_health_check && known.run > 0) evidence.health = folder.health();
    if (known.restarts && known.run > 0) evidence.restart = folder.restart();
    return evidence;
}

}  // namespace tutti::embedded::records
