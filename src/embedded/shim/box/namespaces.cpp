#include "embedded/shim/box/namespaces.h"

#include <sys/wait.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/sys.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace tutti::embedded::shim::box {

Birth birth_of(const View& view) {
    const Plan& plan = view.plan();
    Birth birth;
    for (const NamespaceStep& step : view.all(plan.namespaces)) {
        if (step.flag == CLONE_NEWUSER) birth.user = true;
        if (step.path)
            birth.joined |= step.flag;
        else if (step.flag == CLONE_NEWCGROUP)
            birth.unshare_cgroup = true;
        else
            birth.flags |= step.flag;
    }
    birth.needs_parent = birth.flags & CLONE_NEWUSER || plan.create_runtime.count > 0;
    return birth;
}

static const char* own_namespace(unsigned flag) {
    switch (flag) {
        case CLONE_NEWNET: return "/proc/self/ns/net";
        case CLONE_NEWIPC: return "/proc/self/ns/ipc";
        case CLONE_NEWUTS: return "/proc/self/ns/uts";
        case CLONE_NEWPID: return "/proc/self/ns/pid";
        case CLONE_NEWCGROUP: return "/proc/self/ns/cgroup";
        case CLONE_NEWTIME: return "/proc/self/ns/time";
        default: return nullptr;
    }
}

static void set_time_offsets(const View& view) {
    const char* lines = view.text(view.plan().time_offsets);
    if (!*lines) return;
    if (::unshare(CLONE_NEWTIME) != 0) fail("making a time namespace", nullptr);
    const int fd =
        checked(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC), "opening", "/proc/self/timens_offsets");
    if (!write_all(fd, lines, strlen(lines))) fail("setting the clocks' offsets", lines);
    ::close(fd);
}

pid_t clone_into(Cgroups& cgroups, unsigned long flags) {
    clone_args args{};
    args.flags = flags;
    args.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD;
    if (cgroups.folder_v2 >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<uint64_t>(cgroups.folder_v2);
        cgroups.born_in_v2 = true;
        const pid_t child = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
        if (child >= 0) return child;
        cgroups.born_in_v2 = false;  // it joins, and says why it cannot
        args.flags = flags;
        args.cgroup = 0;
    }
    return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
}

// From namespaces of users and mounts there is no way back: a helper enters them, clones a child for us (CLONE_PARENT)
// and leaves.
static pid_t clone_beyond(const View& view, Cgroups& cgroups, unsigned long flags) {
    int spaces[2] = {-1, -1};
    for (const NamespaceStep& step : view.all(view.plan().namespaces)) {
        if (!step.path || (step.flag != CLONE_NEWUSER && step.flag != CLONE_NEWNS)) continue;
        const char* path = view.text(step.path);
        spaces[step.flag == CLONE_NEWUSER] = checked(::open(path, O_RDONLY | O_CLOEXEC), "opening the namespace", path);
    }
    struct Answer {
        int32_t pid = -1, error = 0;
    } answer;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("making the namespaces", nullptr);
    const pid_t helper = checked(::fork(), "making the namespaces", nullptr);
    if (helper == 0) {
        on_failure(nullptr);
        const bool joined = (spaces[0] < 0 || ::setns(spaces[0], CLONE_NEWNS) == 0) &&
                            (spaces[1] < 0 || ::setns(spaces[1], CLONE_NEWUSER) == 0);
        if (joined) answer.pid = clone_into(cgroups, flags | CLONE_PARENT);
        if (answer.pid == 0) {
            for (const int fd : {spaces[0], spaces[1], ends[0], ends[1]})
                if (fd >= 0) ::close(fd);
            return 0;
        }
        answer.error = errno;
        write_all(ends[1], &answer, sizeof answer);
        ::_exit(0);
    }
    ::close(ends[1]);
    for (const int fd : spaces)
        if (fd >= 0) ::close(fd);
    ssize_t n;
    do n = ::read(ends[0], &answer, sizeof answer);
    while (n < 0 && errno == EINTR);
    ::close(ends[0]);
    ::waitpid(helper, nullptr, 0);
    if (n != static_cast<ssize_t>(sizeof answer)) fail("making the namespaces", nullptr, ECHILD);
    errno = answer.error;
    return answer.pid;
}

pid_t clone_into_namespaces(const View& view, Cgroups& cgroups) {
    // A shim has one thread, so it may step into a namespace, clone, and step back.
    int own[8], entered = 0;
    unsigned flags_of[8];
    Birth birth = birth_of(view);
    const auto step_back = [&](unsigned flag) {
        own[entered] = checked(::open(own_namespace(flag), O_RDONLY | O_CLOEXEC), "opening", own_namespace(flag));
        flags_of[entered++] = flag;
    };
    for (const NamespaceStep& step : view.all(view.plan().namespaces)) {
        if (!step.path || step.flag == CLONE_NEWUSER || step.flag == CLONE_NEWNS) continue;
        const char* path = view.text(step.path);
        const int fd = checked(::open(path, O_RDONLY | O_CLOEXEC), "opening the namespace", path);
        step_back(step.flag);
        if (::setns(fd, static_cast<int>(step.flag)) != 0) fail("joining the namespace", path);
        ::close(fd);
    }
    if (birth.flags & CLONE_NEWTIME && view.plan().time_offsets) {
        step_back(CLONE_NEWTIME);
        set_time_offsets(view);
        birth.flags &= ~static_cast<unsigned long>(CLONE_NEWTIME);
    }
    const bool beyond = birth.joined & (CLONE_NEWUSER | CLONE_NEWNS);
    const pid_t child = beyond ? clone_beyond(view, cgroups, birth.flags) : clone_into(cgroups, birth.flags);
    if (child < 0) fail("making the namespaces", nullptr);
    if (child == 0) {
        for (int i = 0; i < entered; ++i) ::close(own[i]);
        return 0;
    }
    for (int i = 0; i < entered; ++i) {
        if (::setns(own[i], static_cast<int>(flags_of[i])) != 0)
            fail("returning to our own namespace", own_namespace(flags_of[i]));
        ::close(own[i]);
    }
    return child;
}

}  // namespace tutti::embedded::shim::box
