#include "embedded/runtime/native/native.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/box.h"
#include "embedded/runtime/native/lower.h"
#include "embedded/runtime/process_record.h"
#include "embedded/shim/plan.h"
#include "embedded/shim/program.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime {

std::unique_ptr<Runtime> make_native(const NativeOptions& options) { return std::make_unique<native::Native>(options); }

}  // namespace tutti::embedded::runtime

namespace tutti::embedded::runtime::native {

using base::cat;
using base::Error;
using base::ErrorKind;

Native::Native(const NativeOptions& options)
    : options_(options), hierarchies_(Hierarchies::read()), program_(shim::open_shim_program(options.run_dir)) {}

os::Fd seal(std::string_view bytes) {
    os::Fd fd(::memfd_create("tutti-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) base::throw_errno("making the plan");
    os::write_all(fd, bytes);
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        base::throw_errno("sealing the plan");
    return fd;
}

void lend(os::Command& command, const std::vector<int>& fds) {
    for (int to = shim::first_preserved_descriptor; const int fd : fds) {
        if (fd >= 0) command.fds.emplace_back(fd, to);
        ++to;
    }
}

static std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

static std::uint32_t new_namespaces(const Spec& spec) {
    static constexpr std::pair<std::string_view, std::uint32_t> types[] = {
        {"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},      {"ipc", CLONE_NEWIPC},
        {"uts", CLONE_NEWUTS}, {"user", CLONE_NEWUSER},   {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}};
    std::uint32_t out = 0;
    for (const Namespace& space : spec.linux_.namespaces)
        for (const auto& [type, flag] : types)
            if (space.type == type) out |= flag;
    return out;
}

static std::vector<std::string> notes_of(std::int32_t bits) {
    std::vector<std::string> out;
    if (bits & shim::note_rlimit_clamped) out.emplace_back("a limit (ulimit) was lowered to what this machine allows");
    if (bits & shim::note_oom_score_clamped) out.emplace_back("oom_score_adj could not be lowered on this machine");
    return out;
}

Box Native::create(const Spec& spec, CreateOptions options) {
    Filter filter;
    if (spec.linux_.seccomp) filter = cached_filter(*spec.linux_.seccomp, options_.cache_dir);
    const Lowered lowered = lower({spec, options, hierarchies_, filter.program, filter.flags});
    Box box;
    box.id = options.id;
    box.folder = options.folder;
    box.bundle = options.bundle;
    box.runtime = "native";
    box.cgroup = lowered.cgroup;
    box.cgroup_folders = lowered.cgroup_folders;
    box.rootfs = spec.root.path.starts_with('/') ? spec.root.path : cat(options.bundle, '/', spec.root.path);
    box.annotations = spec.annotations;
    box.created_at = now();
    box.namespaces = new_namespaces(spec);
    write_box(box);
    write_process_record(box, spec, options.user, filter.path, filter.flags);

    const std::string fifo = cat(box.folder, "/start");
    if (options.detached && !options.start && ::mkfifo(fifo.c_str(), 0600) != 0)
        base::throw_errno(cat("making ", fifo));
    const os::Fd plan = seal(lowered.plan);
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) base::throw_errno("making a socket pair");
    shim::Client client{os::Fd(pair[0])};
    {
        const os::Fd theirs(pair[1]);
        os::Command command;
        command.argv = {"tutti-shim", "run", options.id};
        command.program_fd = program_.get();
        command.cwd = "/";
        command.env = options.environment;
        command.fds = {{plan.get(), 3}, {theirs.get(), 4}};
        if (options.console_socket) command.fds.emplace_back(options.console_socket->get(), 5);
        if (options.inherit_stdio)
            for (int fd = 0; fd < 3; ++fd) command.fds.emplace_back(fd, fd);
        lend(command, options.preserved);
        os::spawn_orphan(command);
    }
    try {
        const shim::StateBody made = client.wait_created();
        box.pid = made.pid;
        box.pid_started = made.pid_started;
        box.shim_pid = made.shim_pid;
        box.notes = notes_of(made.notes);
    } catch (...) {
        os::remove_file(cat(box.folder, "/box.json"));
        for (const char* name : {"/process.json", "/seccomp.json", "/start"}) os::remove_file(cat(box.folder, name));
        throw;
    }
    return box;
}

void Native::start(const Box& box) {
    const std::string fifo = cat(box.folder, "/start");
    if (!os::exists(fifo)) return shim::Client::connect(box.folder).start();
    if (!os::open_process(box.pid, box.pid_started))
        throw Error(ErrorKind::conflict, cat("container ", box.id, " is stopped"));
    os::write_all(os::open(fifo, O_WRONLY | O_NONBLOCK), "s");
    os::remove_file(fifo);
}

BoxState Native::state(const Box& box) { return state_of(box); }

void Native::signal(const Box& box, int number, bool all) {
    if (all && number == SIGKILL) return kill_all(box);
    const auto process = os::open_process(box.pid, box.pid_started);
    if (!process) throw Error(ErrorKind::conflict, cat("container ", box.id, " is not running"));
    if (all) {
        for (const pid_t pid : processes_of(box)) ::kill(pid, number);
        return;
    }
    if (::syscall(SYS_pidfd_send_signal, process->get(), number, nullptr, 0) != 0)
        base::throw_errno(cat("sending signal ", number, " to ", box.id));
}

void Native::pause(const Box& box) { freeze(box, true); }
void Native::resume(const Box& box) { freeze(box, false); }
void Native::update(const Box& box, const Resources& resources) { update_limits(box, resources, hierarchies_); }
Stats Native::stats(const Box& box) { return stats_of(box); }
std::vector<pid_t> Native::processes(const Box& box) { return processes_of(box); }
void Native::remove(const Box& box, bool force) { remove_box(box, force); }

}  // namespace tutti::embedded::runtime::native
