// State and removal of a box, whoever made it.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/native/native.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime::native {

using base::cat;

constexpr int patience = 10'000;  // milliseconds for a killed process to be gone

BoxState state_of(const Box& box) {
    if (shim::read_exit_record(box.folder)) return BoxState::stopped;
    if (box.pid == 0) return BoxState::creating;
    if (!os::open_process(box.pid, box.pid_started)) return BoxState::stopped;
    if (os::exists(cat(box.folder, "/exec.fifo"))) return BoxState::created;
    try {
        const shim::StateBody state = shim::Client::connect(box.folder).state();
        if (state.phase == shim::Phase::created) return BoxState::created;
        if (state.phase == shim::Phase::exited) return BoxState::stopped;
    } catch (const base::Error&) {  // a box whose shim was killed still runs
    }
    return is_frozen(box) ? BoxState::paused : BoxState::running;
}

void remove_box(const Box& box, bool force) {
    auto process = os::open_process(box.pid, box.pid_started);
    if (process && !shim::read_exit_record(box.folder)) {
        const BoxState state = state_of(box);
        if (!force && state != BoxState::stopped && state != BoxState::created)
            throw base::Error(base::ErrorKind::conflict, cat("container ", box.id, " is ", to_text(state)),
                              "stop it first, or use force");
        if (state == BoxState::paused) freeze(box, false);
        thaw_wherever(box.pid);
        kill_all(box);
        ::syscall(SYS_pidfd_send_signal, process->get(), SIGKILL, nullptr, 0);
        pollfd waiting{process->get(), POLLIN, 0};
        ::poll(&waiting, 1, patience);
    }
    // The shim writes its record and leaves; then nobody uses the folder any more.
    if (const os::Fd shim(static_cast<int>(::syscall(SYS_pidfd_open, box.shim_pid, 0))); box.shim_pid > 0 && shim) {
        try {
            shim::Client client = shim::Client::connect(box.folder);
            client.subscribe(shim::Role::observer);
            const auto until = os::Clock::now() + std::chrono::milliseconds(patience);
            while (auto event = client.next(os::Cancel(), until)) {
                if (std::holds_alternative<shim::Exited>(*event)) client.acknowledge();
                if (std::holds_alternative<shim::Closed>(*event)) break;
            }
        } catch (const base::Error&) {  // it is gone already
        }
    }
    remove_cgroup_folders(box);
    for (const char* name : {"shim.sock", "pid", "exit.json", "process.json", "seccomp.json", "exec.fifo", "box.json"})
        os::remove_file(cat(box.folder, '/', name));
}

}  // namespace tutti::embedded::runtime::native
