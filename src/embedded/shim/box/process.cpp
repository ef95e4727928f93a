#include "embedded/shim/box/process.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/inside.h"
#include "embedded/shim/box/seccomp.h"
#include "embedded/shim/box/sys.h"
#include "embedded/shim/box/users.h"
#include "embedded/shim/protocol.h"

namespace tutti::embedded::shim::box {

namespace {

struct SchedulerAttributes {  // struct sched_attr; the kernel's header does not go with glibc's
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

// Filled before the start is given, used after it. One process, one thread: the child of the shim.
struct Prepared {
    Identity identity;
    char home[300];
    const char* const* env = nullptr;
};
Prepared prepared;
rlimit file_limit_before{};

constexpr unsigned most_env = 4096, most_args = 4096;
const char* env_table[most_env + 2];
const char* arg_table[most_args + 1];

void set_limits(const View& view, int32_t* notes) {
    // The shim raised its own limit of files; the box gets what was there before, unless it says otherwise.
    ::setrlimit(RLIMIT_NOFILE, &file_limit_before);
    for (const LimitStep& step : view.all(view.plan().process.limits)) {
        const auto resource = static_cast<__rlimit_resource_t>(step.resource);
        rlimit limit{step.soft, step.hard};
        if (::setrlimit(resource, &limit) == 0) continue;
        if (errno != EPERM) fail("setting a limit", "rlimits");
        rlimit now{};
        ::getrlimit(resource, &now);  // without CAP_SYS_RESOURCE: as far as it goes
        if (limit.rlim_max > now.rlim_max) limit.rlim_max = now.rlim_max;
        if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(resource, &limit) != 0) fail("setting a limit", "rlimits");
        *notes |= note_rlimit_clamped;
    }
}

void set_oom_score(const ProcessStep& process, int32_t* notes) {
    if (!process.has_oom_score) return;
    Line<16> value;
    value.integer(process.oom_score);
    const int fd =
        checked(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC), "opening", "/proc/self/oom_score_adj");
    if (!write_all(fd, value.text(), value.size())) {
        if (errno != EACCES && errno != EPERM) fail("setting oom_score_adj", value.text());
        *notes |= note_oom_score_clamped;  // lowering it needs CAP_SYS_RESOURCE
    }
    ::close(fd);
}

void set_scheduling(const ProcessStep& process) {
    if (process.has_scheduler) {
        const SchedulerAttributes attributes{sizeof attributes, process.policy,   process.scheduler_flags,
                                             process.nice,      process.priority, process.runtime,
                                             process.deadline,  process.period};
        checked(::syscall(SYS_sched_setattr, 0, &attributes, 0), "setting the scheduler", nullptr);
    }
    if (process.io_priority)
        checked(::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, process.io_priority), "setting the I/O priority",
                nullptr);
    if (process.personality != 0xffffffff && ::personality(process.personality) == -1)
        fail("setting the personality", nullptr);
}

void find_identity(const View& view, const Root& root) {
    const ProcessStep& process = view.plan().process;
    Identity& identity = prepared.identity;
    if (process.user || process.user_groups.count) {
        const char* more[most_groups];
        unsigned count = 0;
        for (const Text group : view.all(process.user_groups)) {
            if (count == most_groups) fail(to_text(Lookup::too_many_groups), nullptr, 0);
            more[count++] = view.text(group);
        }
        const Lookup found = look_up_user(root.fd, view.text(process.user), more, count, identity);
        if (found != Lookup::found) fail(to_text(found), view.text(process.user), 0);
        return;
    }
    identity.uid = process.uid;
    identity.gid = process.gid;
    const auto groups = view.all(process.groups);
    if (groups.size() > most_groups) fail(to_text(Lookup::too_many_groups), nullptr, 0);
    for (const std::uint32_t group : groups) identity.groups[identity.group_count++] = group;
    look_up_home(root.fd, identity.uid, identity.home);
}

void fill_environment(const View& view) {
    unsigned count = 0;
    bool has_home = false;
    for (const Text text : view.all(view.plan().process.env)) {
        if (count == most_env) fail("the environment has more than 4096 variables", nullptr, 0);
        const char* variable = view.text(text);
        has_home = has_home || strncmp(variable, "HOME=", 5) == 0;
        env_table[count++] = variable;
    }
    if (!has_home) {
        Line<sizeof prepared.home> home;
        home.add("HOME=").add(prepared.identity.home);
        memcpy(prepared.home, home.text(), home.size() + 1);
        env_table[count++] = prepared.home;
    }
    env_table[count] = nullptr;
}

void set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {
        {static_cast<uint32_t>(effective), static_cast<uint32_t>(permitted), static_cast<uint32_t>(inheritable)},
        {static_cast<uint32_t>(effective >> 32), static_cast<uint32_t>(permitted >> 32),
         static_cast<uint32_t>(inheritable >> 32)}};
    checked(::syscall(SYS_capset, &header, data), "setting the capabilities", nullptr);
}

uint64_t present_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    checked(::syscall(SYS_capget, &header, data), "reading the capabilities", nullptr);
    return data[0].permitted | static_cast<uint64_t>(data[1].permitted) << 32;
}

void write_label(const Root& root, const char* file, const char* label, const char* prefix) {
    // Written through a descriptor known to be procfs; a link or a bound file in its place cannot redirect it.
    if (root.proc < 0 || !is_procfs(root.proc)) fail("setting a security label needs /proc", label, 0);
    const int fd = checked(::openat(root.proc, file, O_WRONLY | O_CLOEXEC), "opening the security label", file);
    if (!is_procfs(fd)) fail("setting a security label", file, EXDEV);
    Line<512> text;
    text.add(prefix).add(label);
    if (!write_all(fd, text.text(), text.size())) fail("setting the security label", label);
    ::close(fd);
}

// Programs reopen /dev/stdout, so the pipes belong to whom the process becomes.
void hand_over_stdio(uint32_t uid) {
    for (int fd = 0; fd < 3; ++fd) {
        struct stat st {
        }, null{};
        if (::fstat(fd, &st) != 0 || st.st_uid == uid) continue;
        if (S_ISCHR(st.st_mode) && ::stat("/dev/null", &null) == 0 && st.st_rdev == null.st_rdev) continue;
        (void)!::fchown(fd, uid, static_cast<gid_t>(-1));  // a read-only file or one outside the map stays as it is
    }
}

bool enter_folder(const View& view) {
    const char* cwd = view.text(view.plan().process.cwd);
    if (::chdir(*cwd ? cwd : "/") != 0) return false;
    // A folder outside the root (by a leaked descriptor) shows as "(unreachable)…".
    char where[4096];
    const long size = ::syscall(SYS_getcwd, where, sizeof where);
    if (size < 0 && errno == ENAMETOOLONG) return true;
    if (size < 0 || where[0] != '/') fail("the working directory is outside the root", cwd, 0);
    return true;
}

[[noreturn]] void fail_exec(const char* name, int error) {
    const int code = error == ENOENT || error == ENOTDIR ? 127 : 126;
    Line<400> quoted;
    quoted.add("\"").add(name).add("\"");
    if (error == ENOENT && !strchr(name, '/')) fail("exec: executable file not found in $PATH", quoted.text(), 0, code);
    fail("exec", quoted.text(), error, code);
}

// Calls `try_one` with each path that the command may mean, until it says true.
template <class Try>
bool each_candidate(const char* name, Try try_one) {
    if (strchr(name, '/')) return try_one(name);
    const char* search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    for (const char* const* variable = env_table; *variable; ++variable)
        if (strncmp(*variable, "PATH=", 5) == 0) search = *variable + 5;
    while (*search) {
        const char* end = strchrnul(search, ':');
        Path path;
        if (end == search) path.add('.');
        path.add(search, static_cast<size_t>(end - search)).add('/').add(name);
        search = *end ? end + 1 : end;
        struct stat st {};
        if (path.full() || ::stat(path.text(), &st) != 0 || S_ISDIR(st.st_mode)) continue;
        if (try_one(path.text())) return true;
    }
    return false;
}

[[noreturn]] void execute(const View& view) {
    unsigned count = 0;
    for (const Text text : view.all(view.plan().process.args)) {
        if (count == most_args) fail("more than 4096 arguments", nullptr, 0, 126);
        arg_table[count++] = view.text(text);
    }
    arg_table[count] = nullptr;
    const char* name = arg_table[0];
    if (!name || !*name) fail("no command was given", nullptr, 0, 127);
    char* const* argv = const_cast<char* const*>(arg_table);
    char* const* envp = const_cast<char* const*>(env_table);
    int error = ENOENT;
    each_candidate(name, [&](const char* path) {
        ::execve(path, argv, envp);
        if (errno != ENOENT && errno != ENOTDIR) error = errno;
        return errno != ENOENT && errno != ENOTDIR && errno != EACCES;
    });
    struct stat st {};
    if (error == EACCES && strchr(name, '/') && ::stat(name, &st) == 0 && S_ISDIR(st.st_mode)) error = EISDIR;
    fail_exec(name, error);
}

}  // namespace

void remember_limits() { ::getrlimit(RLIMIT_NOFILE, &file_limit_before); }

void raise_file_limit() {
    rlimit limit = file_limit_before;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

static void join_keyring(const View& view) {
    Line<80> keyring;
    keyring.add("_ses.").add(view.text(view.plan().id));
    if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, keyring.text()) < 0 && errno != ENOSYS && errno != EDQUOT)
        fail("joining a session keyring", nullptr);
}

// Those that the caller lends become 3, 4 …; what else was there is closed by execve(2). `report` moves out of the way.
static unsigned place_preserved(unsigned count, int& report) {
    if (count == 0) return 3;
    const int above = first_preserved_descriptor + static_cast<int>(count);
    if (report >= 0) report = checked(::fcntl(report, F_DUPFD_CLOEXEC, above), "keeping a descriptor", nullptr);
    for (unsigned i = 0; i < count; ++i)
        if (::dup2(first_preserved_descriptor + static_cast<int>(i), static_cast<int>(3 + i)) < 0)
            ::close(static_cast<int>(3 + i));  // the caller has none of that number
    return 3 + count;
}

void prepare_process(const View& view, const Root& root, int32_t* notes) {
    const ProcessStep& process = view.plan().process;
    if (!process.keep_keyring) join_keyring(view);
    set_scheduling(process);
    find_identity(view, root);
    fill_environment(view);
    set_limits(view, notes);
}

void make_working_folder(const View& view, const Root& root) {
    const ProcessStep& process = view.plan().process;
    if (!process.make_cwd || !process.cwd) return;
    ::close(target_inside(root.fd, view.text(process.cwd), Make::folder, Links::inside));
}

void prepare_outside(const View& view, int32_t* notes) { set_oom_score(view.plan().process, notes); }

void check_program(const View& view) {
    const auto args = view.all(view.plan().process.args);
    const char* name = args.size() > 0 ? view.text(args[0]) : "";
    int error = ENOENT;
    const bool good = each_candidate(name, [&](const char* path) {
        struct stat st {};
        if (::stat(path, &st) != 0) {
            error = errno;
            return false;
        }
        if (S_ISREG(st.st_mode) && st.st_mode & 0111) return true;
        error = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
        return false;
    });
    if (!good) fail_exec(name, error);
}

void run_process(const View& view, const Root& root, int report) {
    const ProcessStep& process = view.plan().process;
    const Identity& identity = prepared.identity;
    if (process.apparmor) write_label(root, "self/attr/apparmor/exec", view.text(process.apparmor), "exec ");
    if (process.selinux) write_label(root, "self/attr/exec", view.text(process.selinux), "");
    const unsigned first = place_preserved(process.preserved, report);
    if (sys_close_range(first, ~0u, CLOSE_RANGE_CLOEXEC) != 0) {  // Linux 5.10 has no such flag
        if (static_cast<unsigned>(report) > first) sys_close_range(first, static_cast<unsigned>(report) - 1, 0);
        sys_close_range(static_cast<unsigned>(report) + 1, ~0u, 0);
    }
    hand_over_stdio(identity.uid);
    const bool inside_early = enter_folder(view);
    const uint64_t have = present_capabilities();
    for (unsigned cap = 0; cap < 64; ++cap) {
        if (process.bounding >> cap & 1) continue;
        if (::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
            if (errno == EINVAL) break;  // beyond what this kernel knows
            fail("dropping a capability", nullptr);
        }
    }
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) fail("keeping capabilities", nullptr);
    if (::setgroups(identity.group_count, identity.groups) != 0 && !(errno == EPERM && identity.group_count == 0))
        fail("setting the supplementary groups", nullptr);
    if (::setresgid(identity.gid, identity.gid, identity.gid) != 0) fail("setting the group", nullptr);
    if (::setresuid(identity.uid, identity.uid, identity.uid) != 0) fail("setting the user", nullptr);
    if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) fail("keeping capabilities", nullptr);
    if (!inside_early && !enter_folder(view))
        fail("entering the working directory (chdir)", view.text(process.cwd), errno, 126);

    const uint64_t permitted = process.permitted & have, effective = process.effective & permitted;
    const uint64_t inheritable = process.inheritable & have;
    // A filter without no_new_privs needs CAP_SYS_ADMIN for the moment of its loading.
    const uint64_t admin = uint64_t{1} << CAP_SYS_ADMIN;
    const bool borrow = process.seccomp.instructions && !process.no_new_privileges;
    if (borrow)
        set_capabilities((effective | admin) & have, permitted | (admin & have), inheritable);
    else
        set_capabilities(effective, permitted, inheritable);

    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned cap = 0; cap < 64; ++cap)
        // One that is not permitted and inheritable cannot be raised: it is left out, as crun and runc do.
        if (process.ambient >> cap & 1 && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0 &&
            errno != EPERM && errno != EINVAL)
            fail("raising an ambient capability", nullptr);
    if (process.umask != 0xffffffff)
        ::umask(process.umask);
    else
        ::umask(0022);
    if (process.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail("setting no_new_privs", nullptr);
    ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (process.seccomp.instructions) load_filter(view);
    if (borrow) set_capabilities(effective, permitted, inheritable);
    execute(view);
}

}  // namespace tutti::embedded::shim::box
