#include "embedded/shim/box/monitor.h"

#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "embedded/shim/box/external.h"
#include "embedded/shim/box/hooks.h"
#include "embedded/shim/box/idmap.h"
#include "embedded/shim/box/modes.h"
#include "embedded/shim/box/namespaces.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

constexpr unsigned most_supervisor_tries = 5;
constexpr int supervisor_patience = 2000;  // milliseconds until the next try; times the number of tries

std::int64_t now_nanoseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::int64_t now_milliseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

std::uint64_t start_time_of(pid_t pid) {
    Line<40> path;
    path.add("/proc/").number(static_cast<uint64_t>(pid)).add("/stat");
    const int fd = ::open(path.text(), O_RDONLY | O_CLOEXEC);
    char text[1024];
    const ssize_t n = fd < 0 ? -1 : ::read(fd, text, sizeof text - 1);
    if (fd >= 0) ::close(fd);
    if (n <= 0) return 0;
    text[n] = 0;
    const char* at = strrchr(text, ')');  // the name may hold anything
    for (int field = 2; at && field < 22; ++field) at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, nullptr, 10) : 0;
}

void Monitor::prepare() {
    const Plan& plan = view_.plan();
    const char* folder = view_.text(plan.folder);
    folder_ = checked(::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "opening the run folder", folder);
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&blocked, signal);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    signals_ = checked(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK), "preparing for signals", nullptr);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

    listen_ = checked(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "making the socket", folder);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    Path path = fd_path(folder_);  // however long the folder's name is
    path.add("/shim.sock");
    strcpy(address.sun_path, path.text());
    ::unlinkat(folder_, "shim.sock", 0);
    ::unlinkat(folder_, "exit.json", 0);
    const mode_t before = ::umask(0077);
    if (::bind(listen_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listen_, 32) != 0)
        fail("making the socket", folder);
    ::umask(before);

    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail("making a socket pair", nullptr);
    report_ = pair[0];
    child_socket_ = pair[1];
    open_streams();
    for (const Text text : view_.all(plan.supervisor)) {
        const char* word = view_.text(text);
        const size_t size = strlen(word) + 1;
        if (supervisor_size_ + size > sizeof supervisor_ - 1)
            fail("the supervisor's command line is too long", word, 0);
        memcpy(supervisor_ + supervisor_size_, word, size);
        supervisor_size_ += static_cast<unsigned>(size);
    }
    const char* lock = view_.text(plan.supervisor_lock);
    if (strlen(lock) >= sizeof supervisor_lock_) fail("the supervisor's lock has too long a path", lock, 0);
    strcpy(supervisor_lock_, lock);
    oom_before_ = 0;
}

void Monitor::begin(pid_t child) {
    pid_ = child;
    pid_started_ = start_time_of(child);
    pidfd_ = checked(sys_pidfd_open(child), "watching the first process", nullptr);
    for (int* fd : {&child_socket_, &stdio_.in, &stdio_.out, &stdio_.err}) {
        if (*fd >= 0) ::close(*fd);
        *fd = -1;
    }
    oom_before_ = count_oom_kills(view_);
    if (!view_.plan().inherit_stdio) return;
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);  // what was lent to the box is not held by us
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    ::close(null);
}

void Monitor::begin_external() {
    int terminal = -1;
    begin(make_by_runtime(view_, stdio_, &terminal));
    ::close(report_);
    report_ = -1;
    if (terminal >= 0) take_terminal_over(terminal);
    on_made();
    if (view_.plan().start) start_external();
}

void Monitor::start_external() {
    let_go_ = true;
    start_by_runtime(view_);
    on_running();
}

void Monitor::give_up(const Failure& failure) {
    const bool external = view_.plan().external.count > 0;
    if (pidfd_ >= 0 && !reaped_) {
        sys_pidfd_send_signal(pidfd_, SIGKILL);
        kill_cgroup(view_);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
    }
    if (external) {
        on_failure(nullptr);
        delete_by_runtime(view_);
    }
    remove_cgroups(view_);
    ::unlinkat(folder_, "shim.sock", 0);
    ::unlinkat(folder_, "pid", 0);
    for (Connection& connection : connections_) {
        if (connection.fd < 0) continue;
        if (connection.pending)
            refuse(connection, connection.pending_serial, failure.error, failure.text, failure.exit_code);
        else if (connection.creator)
            refuse(connection, 0, failure.error, failure.text, failure.exit_code);
    }
    ::_exit(failure.exit_code);
}

void Monitor::on_failed_start(const Failure& failure) { give_up(failure); }

// Somebody killed what was made and never started.
void Monitor::on_killed_unstarted() {
    ::close(report_);
    report_ = -1;
}

void Monitor::write_pid_file() {
    Line<128> text;
    text.number(static_cast<uint64_t>(pid_)).add(' ').number(pid_started_).add(' ');
    text.number(static_cast<uint64_t>(::getpid())).add('\n');
    const int fd = checked(::openat(folder_, "pid.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
                           "writing the pid file", "pid");
    if (!write_all(fd, text.text(), text.size()) || ::renameat(folder_, "pid.new", folder_, "pid") != 0)
        fail("writing the pid file", "pid");
    ::close(fd);
}

void Monitor::on_made() {
    phase_ = Phase::created;
    write_pid_file();
    if (view_.plan().start) return;  // the answer comes when it runs
    if (view_.plan().detached) hand_over();
    const StateBody body = state();
    for (Connection& connection : connections_)
        if (connection.creator) answer(connection, Kind::created, 0, &body, sizeof body);
}

// The first process goes to whoever is next above us (a subreaper); it waits at FOLDER/exec.fifo.
void Monitor::hand_over() {
    const StateBody body = state();
    for (Connection& connection : connections_)
        if (connection.creator) answer(connection, Kind::created, 0, &body, sizeof body);
    ::unlinkat(folder_, "shim.sock", 0);
    ::_exit(0);
}

void Monitor::on_running() {
    phase_ = Phase::running;
    exit_.started_at = now_nanoseconds();
    if (report_ >= 0) ::close(report_);
    report_ = -1;
    run_hooks(view_, view_.plan().poststart, "running", pid_);
    const bool told_creator = !view_.plan().start;
    const StateBody body = state();
    for (Connection& connection : connections_) {
        if (connection.fd < 0) continue;
        if (connection.pending)
            answer(connection, Kind::done, connection.pending_serial);
        else if (connection.creator && !told_creator)
            answer(connection, Kind::created, 0, &body, sizeof body);
        connection.pending = false;
    }
    if (view_.plan().detached) ::_exit(0);
}

// To the console socket of the OCI command line: the master, with the terminal's name as the message.
void Monitor::hand_terminal_over(int fd) {
    static const char name[] = "/dev/pts/0";
    iovec part{const_cast<char*>(name), sizeof name - 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)];
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    if (::sendmsg(console_descriptor, &message, MSG_NOSIGNAL) < 0) fail("handing the terminal over", nullptr);
    ::close(fd);
    ::close(console_descriptor);
}

void Monitor::take_terminal_over(int fd) {
    terminal_ = input_ = streams_[0].fd = fd;
    streams_[0].ended = false;
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void Monitor::on_report() {
    Report report;
    int fd = -1;
    if (!receive_report(report_, report, &fd)) {
        // The child's end is closed: execve(2) did it, or its death. It tells its failures, so when it was let go and
        // has told none, it ran, however short that was.
        if (phase_ == Phase::created && (let_go_ || view_.plan().start)) return on_running();
        if (phase_ == Phase::created) return on_killed_unstarted();
        Failure failure{0, 125, "the first process died while the container was made"};
        return on_failed_start(failure);
    }
    notes_ |= report.notes;
    switch (report.kind) {
        case Report::failed: return on_failed_start(report.failure);
        case Report::identity:
            if (birth_of(view_).flags & CLONE_NEWUSER) write_id_maps(view_, pid_, view_.plan().uids, view_.plan().gids);
            run_hooks(view_, view_.plan().create_runtime, "creating", pid_);
            report.kind = Report::identity;
            send_report(report_, report);
            return;
        case Report::terminal:
            if (view_.plan().console_socket) return hand_terminal_over(fd);
            return take_terminal_over(fd);
        case Report::made: return on_made();
        default: return;
    }
}

void Monitor::on_children() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) > 0) {}
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != pid_) continue;  // somebody's orphan, or a supervisor that went away
        reaped_ = true;
        status_ = status;
    }
}

void Monitor::write_exit_file() {
    Line<256> text;
    text.add("{\"code\":").integer(exit_.code).add(",\"signal\":").integer(exit_.signal);
    text.add(",\"oom\":").add(exit_.oom ? "true" : "false");
    text.add(",\"started_at\":")
        .integer(exit_.started_at)
        .add(",\"finished_at\":")
        .integer(exit_.finished_at)
        .add("}\n");
    const int fd = ::openat(folder_, "exit.json.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return;
    // Not synced: what lies in the run folder is of this boot.
    if (write_all(fd, text.text(), text.size())) ::renameat(folder_, "exit.json.new", folder_, "exit.json");
    ::close(fd);
}

void Monitor::tell_exit(Connection& connection) {
    if (connection.told) return;
    connection.told = true;
    answer(connection, Kind::exited, 0, &exit_, sizeof exit_);
}

// The order is the promise: log complete, record on disk, then the news.
void Monitor::finish(int status) {
    if (!(birth_of(view_).flags & CLONE_NEWPID)) kill_cgroup(view_);
    for (Stream& stream : streams_) end_stream(stream);
    exit_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit_.code = exit_.signal ? 128 + exit_.signal : WEXITSTATUS(status);
    exit_.oom = count_oom_kills(view_) > oom_before_ ? 1 : 0;
    exit_.finished_at = now_nanoseconds();
    phase_ = Phase::exited;
    log_.close();
    write_exit_file();
    if (view_.plan().external.count > 0) delete_by_runtime(view_);
    remove_cgroups(view_);
    for (Connection& connection : connections_) {
        if (connection.fd < 0) continue;
        if (connection.pending) {
            refuse(connection, connection.pending_serial, 0, "the first process ended while it was started");
            connection.pending = false;
        }
        if (connection.subscribed) tell_exit(connection);
    }
    next_try_ = 0;
    supervisor_tries_ = 0;
}

bool Monitor::supervisor_lock_held() const {
    if (!supervisor_lock_[0]) return false;
    const int fd = ::open(supervisor_lock_, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool held = ::flock(fd, LOCK_SH | LOCK_NB) != 0;
    ::close(fd);
    return held;
}

void Monitor::start_supervisor() {
    const pid_t child = ::fork();
    if (child != 0) return;
    reset_signals();
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; ++i) ::dup2(null, i);
    sys_close_range(3, ~0u, 0);
    const char* words[64];
    unsigned count = 0;
    for (unsigned at = 0; at < supervisor_size_ && count < 63;
         at += static_cast<unsigned>(strlen(supervisor_ + at)) + 1)
        words[count++] = supervisor_ + at;
    words[count] = nullptr;
    if (count > 0) ::execv(words[0], const_cast<char* const*>(words));
    ::_exit(127);
}

// When nobody supervises, somebody is sent for: at once after the end, and whenever a supervisor went away.
void Monitor::look_after_supervisor(int& timeout) {
    if (supervisor_size_ == 0 || supervisors() > 0) return;
    if (phase_ != Phase::exited && !had_supervisor_) return;
    if (acknowledged_ || supervisor_tries_ >= most_supervisor_tries) return;
    const std::int64_t now = now_milliseconds();
    if (now >= next_try_) {
        if (supervisor_lock_held()) {
            next_try_ = now + 1000;  // there is one; it will come to us
            if (phase_ == Phase::exited) ++supervisor_tries_;
        } else {
            ++supervisor_tries_;
            start_supervisor();
            next_try_ = now + supervisor_patience * static_cast<int>(supervisor_tries_);
        }
    }
    const std::int64_t wait = next_try_ > now ? next_try_ - now : 1;
    if (timeout < 0 || wait < timeout) timeout = static_cast<int>(wait);
}

// A shim stays after the end until its record is acknowledged. Without anybody to do so it goes: the record is on disk,
// complete, and whoever comes next reads it there.
bool Monitor::may_leave(int& timeout) {
    if (!drained()) return false;
    if (acknowledged_) return true;
    if (supervisors() > 0) return false;
    if (supervisor_size_ > 0 && supervisor_tries_ < most_supervisor_tries) return false;
    if (supervisor_size_ > 0 && now_milliseconds() < next_try_) {
        const std::int64_t wait = next_try_ - now_milliseconds();
        if (timeout < 0 || wait < timeout) timeout = static_cast<int>(wait);
        return false;
    }
    if (!view_.plan().wait_acknowledge) return true;
    for (const Connection& connection : connections_)
        if (connection.fd >= 0) return false;
    return true;
}

void Monitor::leave() {
    ::unlinkat(folder_, "shim.sock", 0);
    ::_exit(0);
}

void Monitor::loop() {
    for (;;) {
        int timeout = -1;
        look_after_supervisor(timeout);
        if (phase_ == Phase::exited && may_leave(timeout)) leave();

        pollfd polled[6 + most_connections];
        unsigned count = 0;
        const auto poll_for = [&](int fd, int events) {
            if (fd < 0) return ~0u;
            polled[count] = {fd, static_cast<short>(events), 0};
            return count++;
        };
        const unsigned signals = poll_for(signals_, POLLIN), listen = poll_for(listen_, POLLIN);
        const unsigned report = poll_for(report_, POLLIN);
        unsigned streams[2];
        for (int i = 0; i < 2; ++i)
            streams[i] = poll_for(streams_[i].size == 0 && !streams_[i].ended ? streams_[i].fd : -1, POLLIN);
        const bool input_waits = input_sent_ < input_size_;
        const unsigned input = poll_for(input_waits ? input_ : -1, POLLOUT);
        unsigned connections[most_connections];
        for (unsigned i = 0; i < most_connections; ++i) {
            const Connection& connection = connections_[i];
            int events = input_waits && connection.attached & attach_stdin ? 0 : POLLIN;
            if (connection.owed[0] || connection.owed[1]) events |= POLLOUT;
            connections[i] = poll_for(connection.fd, events);
        }
        const bool held = !drained();                                  // that stream is not read meanwhile
        if (reaped_ && phase_ != Phase::exited && !held) timeout = 0;  // only what is there already
        if (::poll(polled, count, timeout) < 0 && errno != EINTR) fail("waiting", nullptr);
        const auto ready = [&](unsigned index, int events) { return index != ~0u && polled[index].revents & events; };

        bool output = false;
        for (int i = 0; i < 2; ++i)
            if (ready(streams[i], POLLIN | POLLHUP | POLLERR)) output = true, on_output(streams_[i]);
        if (ready(report, POLLIN | POLLHUP)) on_report();
        if (ready(input, POLLOUT | POLLERR | POLLHUP)) flush_input();
        for (unsigned i = 0; i < most_connections; ++i) {
            Connection& connection = connections_[i];
            if (ready(connections[i], POLLOUT))
                for (Stream& stream : streams_)
                    if (stream.size > 0) deliver(stream);
            if (ready(connections[i], POLLIN) && connection.fd >= 0)
                on_message(connection);
            else if (ready(connections[i], POLLHUP | POLLERR) && connection.fd >= 0)
                drop(connection);
        }
        if (ready(listen, POLLIN)) on_listen();
        if (ready(signals, POLLIN)) on_children();
        // Everything the box wrote is in the pipes when its end is known; a held chunk waits for its reader.
        if (reaped_ && phase_ != Phase::exited && !output && !held && drained() && report_ < 0) finish(status_);
        if (reaped_ && report_ >= 0 && phase_ != Phase::exited) on_report();
    }
}

}  // namespace tutti::embedded::shim::box
