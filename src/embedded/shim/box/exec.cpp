// A process for a box that runs: joins its cgroups and namespaces and becomes the program. The parent stays outside,
// waits, and says how it ended.
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "embedded/shim/box/cgroups.h"
#include "embedded/shim/box/child.h"
#include "embedded/shim/box/external.h"
#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/inside.h"
#include "embedded/shim/box/modes.h"
#include "embedded/shim/box/monitor.h"
#include "embedded/shim/box/namespaces.h"
#include "embedded/shim/box/process.h"
#include "embedded/shim/box/sys.h"
#include "embedded/shim/protocol.h"

namespace tutti::embedded::shim::box {

namespace {

int report_socket = -1;

void tell(Kind kind, const void* body, size_t size, int fd = -1) {
    const Header header{protocol_version, kind, static_cast<std::uint32_t>(size), 0};
    iovec parts[2] = {{const_cast<Header*>(&header), sizeof header}, {const_cast<void*>(body), size}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)];
    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    ::sendmsg(creator_descriptor, &message, MSG_NOSIGNAL);
}

[[noreturn]] void tell_failure(const Failure& failure) {
    char body[sizeof(FailedBody) + sizeof failure.text];
    const FailedBody head{failure.error, failure.exit_code};
    const size_t size = strnlen(failure.text, sizeof failure.text);
    memcpy(body, &head, sizeof head);
    memcpy(body + sizeof head, failure.text, size);
    tell(Kind::failed, body, sizeof head + size);
    ::_exit(failure.exit_code);
}

void report_failure(const Failure& failure) {
    Report report;
    report.kind = Report::failed;
    report.failure = failure;
    send_report(report_socket, report);
    ::_exit(failure.exit_code);
}

// The box's devpts, if that is what lies there: a program inside can put anything at /dev/pts.
int find_terminals(int root) {
    const int pts = open_inside(root, "/dev/pts", O_PATH | O_DIRECTORY, Links::none);
    struct statfs fs {};
    if (pts < 0 || ::fstatfs(pts, &fs) != 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
        fail("a terminal needs devpts on /dev/pts", nullptr, 0);
    return pts;
}

[[noreturn]] void live(const View& view, Cgroups& cgroups, int box, int socket) {
    report_socket = socket;
    on_failure(report_failure);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    reset_signals();
    ::close(creator_descriptor);
    const Plan& plan = view.plan();
    Report report;
    prepare_outside(view, &report.notes);
    join_cgroups(cgroups);
    // All of them in one call, or none: there is no moment with half of the walls.
    const unsigned flags = plan.join_flags & ~static_cast<unsigned>(CLONE_NEWPID);
    if (flags && ::setns(box, static_cast<int>(flags)) != 0) fail("joining the container's namespaces", nullptr);
    ::close(box);
    if (flags & CLONE_NEWUSER) become_root();
    if (::setsid() < 0 && errno != EPERM) fail("making a session", nullptr);
    Root root;
    root.fd = checked(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "opening the root", "/");
    root.proc = open_inside(root.fd, "/proc", O_PATH | O_DIRECTORY, Links::none);
    if (plan.process.terminal) {
        const int master = take_terminal(find_terminals(root.fd), plan.process.rows, plan.process.columns);
        report.kind = Report::terminal;
        send_report(socket, report, master);
        ::close(master);
    }
    prepare_process(view, root, &report.notes);
    run_process(view, root, socket);
}

// Tells its creator that it runs, and how it ended.
[[noreturn]] void stay_until_the_end(const Plan& plan, pid_t child, int terminal, int32_t notes) {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);  // whoever reads them shall see their end when the process ends
    StateBody state;
    state.phase = Phase::running;
    state.pid = child;
    state.pid_started = start_time_of(child);
    state.shim_pid = ::getpid();
    state.started_at = now_nanoseconds();
    state.notes = notes;
    tell(Kind::created, &state, sizeof state, terminal);
    if (terminal >= 0) ::close(terminal);
    if (plan.detached) ::_exit(0);  // its new parent is whoever is next above us
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    ExitBody body;
    body.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    body.code = body.signal ? 128 + body.signal : WEXITSTATUS(status);
    body.started_at = state.started_at;
    body.finished_at = now_nanoseconds();
    tell(Kind::exited, &body, sizeof body);
    ::_exit(0);
}

}  // namespace

void run_exec() {
    on_failure([](const Failure& failure) { tell_failure(failure); });
    ::fcntl(creator_descriptor, F_SETFD, FD_CLOEXEC);
    ::signal(SIGPIPE, SIG_IGN);
    remember_limits();
    const View view(map_plan(plan_descriptor));
    const Plan& plan = view.plan();
    const pid_t target = static_cast<pid_t>(plan.join_pid);
    const int box = checked(sys_pidfd_open(target), "the container is not running", nullptr);
    if (start_time_of(target) != plan.join_started) fail("the container is not running", nullptr, 0);
    if (plan.external.count > 0) {
        ::close(box);
        int terminal = -1;
        const pid_t child = exec_by_runtime(view, &terminal);
        stay_until_the_end(plan, child, terminal, 0);
    }
    Cgroups cgroups;
    open_cgroups(view, cgroups);
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail("making a socket pair", nullptr);
    if (plan.join_flags & CLONE_NEWPID && ::setns(box, CLONE_NEWPID) != 0)
        fail("joining the container's processes", nullptr);
    const pid_t child = checked(clone_into(cgroups, 0), "making a process", nullptr);
    if (child == 0) {
        ::close(pair[0]);
        live(view, cgroups, box, pair[1]);
    }
    ::close(pair[1]);
    ::close(box);
    close_cgroups(cgroups);

    int terminal = -1;
    Report report;
    for (int fd = -1; receive_report(pair[0], report, &fd);) {
        if (report.kind == Report::terminal) terminal = fd;
        if (report.kind != Report::failed) continue;
        ::waitpid(child, nullptr, 0);
        fail_with(report.failure);
    }
    stay_until_the_end(plan, child, terminal, report.notes);
}

}  // namespace tutti::embedded::shim::box
