#include <sys/ioctl.h>
#include <sys/socket.h>

#include "embedded/shim/box/monitor.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

void Monitor::adopt_creator(int fd) {
    connections_[0].fd = fd;
    connections_[0].creator = true;
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void Monitor::on_listen() {
    const int fd = ::accept4(listen_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    for (Connection& connection : connections_) {
        if (connection.fd >= 0) continue;
        connection = Connection{};
        connection.fd = fd;
        return;
    }
    ::close(fd);  // the table is full
}

void Monitor::drop(Connection& connection) {
    if (connection.fd < 0) return;
    const bool was_supervisor = connection.supervisor;
    const bool was_input = connection.attached & attach_stdin;
    ::close(connection.fd);
    connection = Connection{};
    for (Stream& stream : streams_)
        if (stream.size > 0) deliver(stream);
    if (was_input && view_.plan().stdin_once) end_input();
    if (was_supervisor && supervisors() == 0)
        next_try_ = now_milliseconds() + 50 + ::getpid() % 100;  // not all at once
}

int Monitor::supervisors() const {
    int count = 0;
    for (const Connection& connection : connections_) count += connection.fd >= 0 && connection.supervisor;
    return count;
}

StateBody Monitor::state() const {
    StateBody body;
    body.phase = phase_;
    body.pid = pid_;
    body.pid_started = pid_started_;
    body.shim_pid = ::getpid();
    body.supervisors = supervisors();
    body.started_at = exit_.started_at;
    body.terminal = view_.plan().process.terminal ? 1 : 0;
    body.notes = notes_;
    return body;
}

void Monitor::answer(Connection& connection, Kind kind, std::uint64_t serial, const void* body, size_t size,
                     const int* fds, unsigned fd_count) {
    if (connection.fd < 0) return;
    const Header header{protocol_version, kind, static_cast<std::uint32_t>(size), serial};
    iovec parts[2] = {{const_cast<Header*>(&header), sizeof header}, {const_cast<void*>(body), size}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    alignas(cmsghdr) char control[CMSG_SPACE(most_kept_fds * sizeof(int))];
    if (fd_count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(head), fds, fd_count * sizeof(int));
    }
    // Whoever asks and does not read answers is let go; we wait for nobody.
    if (::sendmsg(connection.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) drop(connection);
}

void Monitor::refuse(Connection& connection, std::uint64_t serial, int error, const char* text, int exit_code) {
    char body[sizeof(FailedBody) + sizeof(Failure::text)];
    const FailedBody head{error, exit_code};
    const size_t size = strnlen(text, sizeof(Failure::text));
    memcpy(body, &head, sizeof head);
    memcpy(body + sizeof head, text, size);
    answer(connection, Kind::failed, serial, body, sizeof head + size);
}

void Monitor::on_message(Connection& connection) {
    static char buffer[sizeof(Header) + largest_body];
    iovec part{buffer, sizeof buffer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(most_kept_fds * sizeof(int))];
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t n = ::recvmsg(connection.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    int fds[most_kept_fds];
    unsigned fd_count = 0;
    for (cmsghdr* head = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr; head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && fd_count < most_kept_fds; ++i)
            memcpy(&fds[fd_count++], CMSG_DATA(head) + i * sizeof(int), sizeof(int));
    }
    Header header;
    if (n >= static_cast<ssize_t>(sizeof header)) memcpy(&header, buffer, sizeof header);
    if (n < static_cast<ssize_t>(sizeof header) || static_cast<size_t>(n) != sizeof header + header.size) {
        drop(connection);
    } else {
        buffer[n < static_cast<ssize_t>(sizeof buffer) ? n : static_cast<ssize_t>(sizeof buffer) - 1] = 0;
        handle(connection, header, buffer + sizeof header, fds, fd_count);
    }
    for (unsigned i = 0; i < fd_count; ++i) ::close(fds[i]);
}

// A body that is shorter than we know it ends in zeros (an older client); a longer one is cut (a newer client).
template <class Body>
static Body read_body(const Header& header, const char* bytes) {
    Body body{};
    memcpy(&body, bytes, header.size < sizeof body ? header.size : sizeof body);
    return body;
}

void Monitor::handle(Connection& connection, const Header& header, const char* body, int* fds, unsigned& fd_count) {
    const std::uint64_t serial = header.serial;
    switch (header.kind) {
        case Kind::start: return handle_start(connection, serial);
        case Kind::signal: return handle_signal(connection, serial, read_body<SignalBody>(header, body));
        case Kind::ask_state: {
            const StateBody now = state();
            return answer(connection, Kind::state, serial, &now, sizeof now);
        }
        case Kind::subscribe: {
            connection.subscribed = true;
            if (read_body<SubscribeBody>(header, body).supervisor) {
                connection.supervisor = had_supervisor_ = true;
                supervisor_tries_ = 0;
            }
            const StateBody now = state();
            answer(connection, Kind::state, serial, &now, sizeof now);
            if (phase_ == Phase::exited) tell_exit(connection);
            return;
        }
        case Kind::acknowledge:
            acknowledged_ = phase_ == Phase::exited;
            if (!acknowledged_) return refuse(connection, serial, EBUSY, "the container has not ended");
            return answer(connection, Kind::done, serial);
        case Kind::attach: return handle_attach(connection, serial, read_body<AttachBody>(header, body));
        case Kind::input:
            if (connection.attached & attach_stdin) on_input(body, header.size);
            return;
        case Kind::input_end:
            if (connection.attached & attach_stdin) end_input();
            return;
        case Kind::resize: {
            const ResizeBody size = read_body<ResizeBody>(header, body);
            const winsize window{size.rows, size.columns, 0, 0};
            if (terminal_ < 0 || ::ioctl(terminal_, TIOCSWINSZ, &window) != 0)
                return refuse(connection, serial, ENOTTY, "the container has no terminal");
            return answer(connection, Kind::done, serial);
        }
        case Kind::keep: return handle_keep(connection, header, body, fds, fd_count);
        case Kind::take: return handle_take(connection, header, body);
        case Kind::forget: handle_forget(body); return answer(connection, Kind::done, serial);
        case Kind::supervise: return handle_supervise(connection, header, body);
        default: return refuse(connection, serial, ENOSYS, "the shim does not know this message");
    }
}

void Monitor::handle_start(Connection& connection, std::uint64_t serial) {
    if (phase_ != Phase::created) return refuse(connection, serial, EBUSY, "the container is not in the state created");
    Report go;
    go.kind = Report::start;
    connection.pending = true;
    connection.pending_serial = serial;
    if (view_.plan().external.count > 0) return start_external();
    let_go_ = true;
    send_report(report_, go);  // the answer comes when the socket ends
}

void Monitor::handle_signal(Connection& connection, std::uint64_t serial, const SignalBody& body) {
    if (phase_ == Phase::exited || pidfd_ < 0) return refuse(connection, serial, ESRCH, "the container does not run");
    if (body.all && body.number == SIGKILL) kill_cgroup(view_);
    if (sys_pidfd_send_signal(pidfd_, body.number) != 0) return refuse(connection, serial, errno, "sending a signal");
    answer(connection, Kind::done, serial);
}

void Monitor::handle_attach(Connection& connection, std::uint64_t serial, const AttachBody& body) {
    if (view_.plan().inherit_stdio)
        return refuse(connection, serial, EOPNOTSUPP, "the container's output is not held by its shim");
    connection.attached = body.streams;
    answer(connection, Kind::done, serial);
    // Streams that have ended say so to latecomers, too.
    for (const Stream& stream : streams_) {
        const std::int32_t wanted = stream.number == 1 ? attach_stdout : attach_stderr;
        if (!stream.ended || !(body.streams & wanted) || phase_ != Phase::exited) continue;
        const OutputBody end{stream.number};
        answer(connection, Kind::output, 0, &end, sizeof end);
    }
}

void Monitor::handle_forget(const char* name) {
    for (Kept& kept : kept_) {
        if (kept.count == 0 || strcmp(kept.name, name) != 0) continue;
        for (unsigned i = 0; i < kept.count; ++i) ::close(kept.fds[i]);
        kept = Kept{};
    }
}

void Monitor::handle_keep(Connection& connection, const Header& header, const char* name, int* fds,
                          unsigned& fd_count) {
    if (header.size == 0 || header.size >= sizeof Kept::name)
        return refuse(connection, header.serial, EINVAL, "a name of 1 to 63 bytes is needed");
    handle_forget(name);
    for (Kept& kept : kept_) {
        if (kept.count != 0) continue;
        strcpy(kept.name, name);
        memcpy(kept.fds, fds, fd_count * sizeof(int));
        kept.count = fd_count;
        fd_count = 0;  // ours now
        return answer(connection, Kind::done, header.serial);
    }
    refuse(connection, header.serial, ENOSPC, "sixteen names are kept already");
}

void Monitor::handle_take(Connection& connection, const Header& header, const char* name) {
    for (const Kept& kept : kept_)
        if (kept.count > 0 && (header.size == 0 || strcmp(kept.name, name) == 0))
            answer(connection, Kind::given, header.serial, kept.name, strlen(kept.name), kept.fds, kept.count);
    answer(connection, Kind::done, header.serial);
}

void Monitor::handle_supervise(Connection& connection, const Header& header, const char* body) {
    const SuperviseBody sizes = read_body<SuperviseBody>(header, body);
    if (header.size < sizeof sizes || sizes.lock_size >= sizeof supervisor_lock_ ||
        sizes.argv_size >= sizeof supervisor_ ||
        header.size - sizeof sizes < std::uint64_t{sizes.lock_size} + sizes.argv_size)
        return refuse(connection, header.serial, EINVAL, "the supervisor's command line is too long");
    memcpy(supervisor_lock_, body + sizeof sizes, sizes.lock_size);
    supervisor_lock_[sizes.lock_size] = 0;
    memcpy(supervisor_, body + sizeof sizes + sizes.lock_size, sizes.argv_size);
    supervisor_[sizes.argv_size] = 0;
    supervisor_size_ = sizes.argv_size;
    answer(connection, Kind::done, header.serial);
}

}  // namespace tutti::embedded::shim::box
