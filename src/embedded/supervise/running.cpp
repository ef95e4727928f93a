#include "embedded/supervise/running.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

namespace tutti::embedded::supervise {

using base::Error;
using base::ErrorKind;

shim::ExitRecord vanished() {
    shim::ExitRecord record;
    record.code = 255;  // Docker's code for it
    record.finished_at = std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
    return record;
}

std::optional<Running> Running::hold(const records::Folder& folder, const records::State& state) {
    Running running;
    running.folder_ = folder.run_path();
    if (shim::read_exit_record(running.folder_)) return std::nullopt;
    try {
        running.shim_ = shim::Client::connect(running.folder_);
        running.shim_->subscribe(shim::Role::observer);
        return running;
    } catch (const Error& error) {  // no shim listens there: it was killed, or has just left
        running.shim_.reset();
    }
    if (shim::read_exit_record(running.folder_)) return std::nullopt;
    if (!records::process_alive(state.pid, state.pid_started)) return std::nullopt;
    running.process_ = os::Fd(static_cast<int>(::syscall(SYS_pidfd_open, state.pid, 0)));
    if (!running.process_ || !records::process_alive(state.pid, state.pid_started)) return std::nullopt;
    return running;
}

void Running::signal(int number) {
    if (!shim_) {
        if (::syscall(SYS_pidfd_send_signal, process_.get(), number, nullptr, 0) != 0 && errno != ESRCH)
            base::throw_errno("signalling a container");
        return;
    }
    try {
        shim_->signal(number);
    } catch (const Error& error) {
        if (error.errno_value() != ESRCH && error.errno_value() != EPIPE && error.errno_value() != ECONNRESET) throw;
    }
}

int Running::fd() const { return shim_ ? shim_->fd() : process_.get(); }

std::optional<shim::ExitRecord> Running::wait(const os::Cancel& cancel, os::Until until) {
    if (!shim_) {
        if (os::wait(process_, POLLIN, cancel, until) == os::Ready::timed_out) return std::nullopt;
        return vanished();
    }
    for (;;) {
        const auto event = shim_->next(cancel, until);
        if (!event) return std::nullopt;
        if (const auto* exited = std::get_if<shim::Exited>(&*event)) return exited->record;
        if (std::holds_alternative<shim::Closed>(*event)) return shim::read_exit_record(folder_).value_or(vanished());
    }
}

}  // namespace tutti::embedded::supervise
