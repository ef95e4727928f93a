#include "embedded/shim/box/child.h"

#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "embedded/shim/box/hooks.h"
#include "embedded/shim/box/inside.h"
#include "embedded/shim/box/namespaces.h"
#include "embedded/shim/box/process.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

bool send_report(int socket, const Report& report, int fd) {
    iovec part{const_cast<Report*>(&report), sizeof report};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
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
    ssize_t n;
    do n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == static_cast<ssize_t>(sizeof report);
}

bool receive_report(int socket, Report& report, int* fd) {
    iovec part{&report, sizeof report};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t n;
    do n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (fd) *fd = -1;
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        int got;
        memcpy(&got, CMSG_DATA(head), sizeof got);
        if (fd)
            *fd = got;
        else
            ::close(got);
    }
    return n == static_cast<ssize_t>(sizeof report);
}

static int report_socket = -1;

static void report_failure(const Failure& failure) {
    Report report;
    report.kind = Report::failed;
    report.failure = failure;
    if (!send_report(report_socket, report)) {  // nobody waits any more: at least the log of the container says it
        Path text;
        text.add(failure.text);
        if (failure.error) text.add(": ").add(strerror(failure.error));
        text.add('\n');
        write_all(2, text.text(), text.size());
    }
    ::_exit(failure.exit_code);
}

void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
}

void take_stdio(const Stdio& stdio) {
    const int fds[3] = {stdio.in, stdio.out, stdio.err};
    for (int i = 0; i < 3; ++i)
        if (fds[i] >= 0 && ::dup2(fds[i], i) < 0) fail("setting up standard input and output", nullptr);
}

int take_terminal(int pts, unsigned rows, unsigned columns) {
    if (pts < 0) fail("a terminal needs devpts on /dev/pts", nullptr, 0);
    const int master =
        checked(::openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), "opening a terminal", "/dev/pts/ptmx");
    const int unlocked = 0;
    checked(::ioctl(master, TIOCSPTLCK, &unlocked), "unlocking the terminal", nullptr);
    const int slave = checked(::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC),
                              "opening the terminal's other side", nullptr);
    if (rows || columns) {
        const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
        ::ioctl(master, TIOCSWINSZ, &size);
    }
    checked(::ioctl(slave, TIOCSCTTY, 0), "making the terminal ours", nullptr);
    take_stdio({slave, slave, slave});
    ::close(slave);
    return master;
}

static void raise_loopback() {
    const int socket =
        checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "raising the loopback interface", nullptr);
    ifreq request{};
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0) fail("raising the loopback interface", "lo");
    ::close(socket);
}

static void name_machine(const View& view) {
    const Plan& plan = view.plan();
    const char* host = view.text(plan.hostname);
    const char* domain = view.text(plan.domainname);
    if (*host && ::sethostname(host, strlen(host)) != 0) fail("setting the host name", host);
    if (*domain && ::setdomainname(domain, strlen(domain)) != 0) fail("setting the domain name", domain);
}

static void apply_sysctls(const View& view, const Root& root) {
    const auto sysctls = view.all(view.plan().sysctls);
    if (sysctls.size() == 0) return;
    if (root.proc < 0 || !is_procfs(root.proc)) fail("sysctls need /proc", nullptr, 0);
    for (const SettingStep& step : sysctls) {
        Line<256> path;
        path.add("sys/").add(view.text(step.file));
        const int fd = checked(::openat(root.proc, path.text(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW),
                               "opening the sysctl", path.text());
        if (!is_procfs(fd)) fail("opening the sysctl", path.text(), EXDEV);
        const char* value = view.text(step.value);
        if (!write_all(fd, value, strlen(value)) && !step.optional) fail("setting the sysctl", path.text());
        ::close(fd);
    }
}

// Open for both directions: there is always a writer, so reading waits until a byte comes.
static int open_fifo(const View& view) {
    Path path;
    path.add(view.text(view.plan().folder)).add("/exec.fifo");
    return checked(::open(path.text(), O_RDWR | O_CLOEXEC), "opening", path.text());
}

static void await_byte(int fifo) {
    char byte;
    while (::read(fifo, &byte, 1) < 0 && errno == EINTR) {}
    ::close(fifo);
}

static void await(int socket, Report::Kind wanted) {
    Report report;
    if (!receive_report(socket, report) || report.kind != wanted) ::_exit(125);  // the shim is gone
}

// A map without 0 leaves it what it is; then spec.process.user must be one that it has.
void become_root() {
    if ((::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) && errno != EINVAL)
        fail("becoming root of the user namespace", nullptr);
}

// What waits for its start holds nothing of the host but what it still needs.
static void close_others(std::initializer_list<int> kept, unsigned preserved) {
    const auto is_kept = [&](int fd) {
        for (const int one : kept)
            if (one == fd) return true;
        return fd >= first_preserved_descriptor && fd < first_preserved_descriptor + static_cast<int>(preserved);
    };
    int highest = first_preserved_descriptor + static_cast<int>(preserved);
    for (const int one : kept)
        if (one > highest) highest = one;
    for (int fd = 3; fd <= highest; ++fd)
        if (!is_kept(fd)) ::close(fd);
    sys_close_range(static_cast<unsigned>(highest) + 1, ~0u, 0);
}

[[noreturn]] static void live(const View& view, const Sources& sources, Cgroups& cgroups, const Stdio& stdio,
                              int socket, int shim_end, int fifo) {
    ::close(shim_end);
    report_socket = socket;
    on_failure(report_failure);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    reset_signals();
    const Plan& plan = view.plan();
    Report report;
    prepare_outside(view, &report.notes);
    join_cgroups(cgroups);
    const Birth birth = birth_of(view);
    if (birth.unshare_cgroup && ::unshare(CLONE_NEWCGROUP) != 0) fail("making a cgroup namespace", nullptr);
    if (birth.needs_parent) {
        report.kind = Report::identity;
        send_report(socket, report);
        await(socket, Report::identity);
    }
    if (birth.user) become_root();
    if (::setsid() < 0 && errno != EPERM) fail("making a session", nullptr);
    if (birth.flags & CLONE_NEWNET) raise_loopback();

    Root root;
    if (plan.only_chroot)
        open_root(view, root);
    else
        enter_root(view, sources, root);
    if (birth.flags & CLONE_NEWUTS || birth.joined & CLONE_NEWUTS) name_machine(view);
    apply_sysctls(view, root);
    if (plan.process.terminal) {
        const int master = take_terminal(root.pts, plan.process.rows, plan.process.columns);
        if (!plan.only_chroot) bind_console(root, 0);
        report.kind = Report::terminal;
        send_report(socket, report, master);
        ::close(master);
    } else {
        take_stdio(stdio);
    }
    make_working_folder(view, root);
    if (!plan.only_chroot) close_paths(view, root);
    run_hooks(view, plan.create_container, "creating", 0);
    pivot(view, root);
    prepare_process(view, root, &report.notes);
    if (plan.detached) {
        check_program(view);
        ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);  // the shim is about to leave
    }
    close_others({socket, fifo, root.fd, root.proc}, plan.process.preserved);
    report.kind = Report::made;
    send_report(socket, report);
    if (fifo >= 0)
        await_byte(fifo);
    else if (!plan.start)
        await(socket, Report::start);
    run_hooks(view, plan.start_container, "created", 0, Where::here);
    run_process(view, root, socket);
}

pid_t clone_child(const View& view, const Sources& sources, Cgroups& cgroups, const Stdio& stdio, int report,
                  int shim_end) {
    // Opened out here: in a user namespace the run folder cannot be reached.
    const int fifo = view.plan().detached && !view.plan().start ? open_fifo(view) : -1;
    const pid_t child = clone_into_namespaces(view, cgroups);
    if (child == 0) live(view, sources, cgroups, stdio, report, shim_end, fifo);
    if (fifo >= 0) ::close(fifo);
    return child;
}

}  // namespace tutti::embedded::shim::box
