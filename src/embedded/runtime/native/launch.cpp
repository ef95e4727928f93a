#include "embedded/runtime/native/launch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/environment.h"
#include "embedded/runtime/native/native.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/shim/plan.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime::native {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

// A sealed memfd with these bytes.
os::Fd seal(std::string_view bytes) {
    os::Fd fd(::memfd_create("tutti-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) base::throw_errno("making the plan");
    os::write_all(fd, bytes);
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        base::throw_errno("sealing the plan");
    return fd;
}

// These descriptors (-1: none) go along, where the shim looks for what it hands on to the process.
void lend(os::Command& command, const std::vector<int>& fds) {
    for (int to = shim::first_preserved_descriptor; const int fd : fds) {
        if (fd >= 0) command.fds.emplace_back(fd, to);
        ++to;
    }
}

// `tutti-shim WORK ID` with its plan and one end of a socket pair; the other end speaks with it. `command` holds what
// is special: an environment, more descriptors.
shim::Client start_shim(const os::Fd& program, std::string work, const std::string& id, std::string_view plan,
                        os::Command command) {
    const os::Fd sealed = seal(plan);
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) base::throw_errno("making a socket pair");
    shim::Client client{os::Fd(pair[0])};
    const os::Fd theirs(pair[1]);
    command.argv = {"tutti-shim", std::move(work), id};
    command.program_fd = program.get();
    command.cwd = "/";
    command.fds.emplace_back(sealed.get(), 3);
    command.fds.emplace_back(theirs.get(), 4);
    os::spawn_orphan(command);
    return client;
}

std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

std::uint32_t new_namespaces(const Spec& spec) {
    static constexpr std::pair<std::string_view, std::uint32_t> types[] = {
        {"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},      {"ipc", CLONE_NEWIPC},
        {"uts", CLONE_NEWUTS}, {"user", CLONE_NEWUSER},   {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}};
    std::uint32_t out = 0;
    for (const Namespace& space : spec.linux_.namespaces)
        for (const auto& [type, flag] : types)
            if (space.type == type) out |= flag;
    return out;
}

std::vector<std::string> notes_of(std::int32_t bits) {
    std::vector<std::string> out;
    if (bits & shim::note_rlimit_clamped) out.emplace_back("a limit (ulimit) was lowered to what this machine allows");
    if (bits & shim::note_oom_score_clamped) out.emplace_back("oom_score_adj could not be lowered on this machine");
    return out;
}

class ShimExec : public ExecProcess {
  public:
    ShimExec(shim::Client client, const shim::StateBody& state, os::Fd terminal)
        : client_(std::move(client)), state_(state), terminal_(std::move(terminal)) {}

    pid_t pid() const override { return state_.pid; }
    const os::Fd& terminal() const override { return terminal_; }
    int wait_fd() const override { return client_.fd(); }

    int wait(const os::Cancel& cancel, os::Until until) override {
        if (code_ >= 0) return code_;
        const auto event = client_.next(cancel, until);
        if (!event) return -1;
        const auto* exited = std::get_if<shim::Exited>(&*event);
        code_ = exited ? exited->record.code : 137;  // its parent was killed, and it with it
        return code_;
    }
    void signal(int number) override {
        const auto process = os::open_process(state_.pid, state_.pid_started);
        if (process) ::syscall(SYS_pidfd_send_signal, process->get(), number, nullptr, 0);
    }

  private:
    shim::Client client_;
    shim::StateBody state_;
    os::Fd terminal_;
    int code_ = -1;
};

// The box's own process gives what the request leaves open.
Process merged(const Process& box, const ExecSpec& spec) {
    Process out = spec.process;
    out.env = merge_environment(box.env, spec.process.env);
    if (out.cwd.empty()) out.cwd = box.cwd;
    if (!spec.inherit_security) return out;
    if (!out.capabilities) out.capabilities = box.capabilities;
    if (out.rlimits.empty()) out.rlimits = box.rlimits;
    if (out.apparmor_profile.empty()) out.apparmor_profile = box.apparmor_profile;
    if (out.selinux_label.empty()) out.selinux_label = box.selinux_label;
    if (!out.oom_score_adj) out.oom_score_adj = box.oom_score_adj;
    out.no_new_privileges = out.no_new_privileges || box.no_new_privileges;
    return out;
}

}  // namespace

Box describe_box(const Spec& spec, const CreateOptions& options, std::string_view runtime) {
    Box box;
    box.id = options.id;
    box.folder = options.folder;
    box.bundle = options.bundle;
    box.runtime = runtime;
    box.rootfs = spec.root.path.starts_with('/') ? spec.root.path : cat(options.bundle, '/', spec.root.path);
    box.annotations = spec.annotations;
    box.created_at = now();
    box.namespaces = new_namespaces(spec);
    return box;
}

void launch_box(Box& box, const CreateOptions& options, const os::Fd& shim, std::string_view plan) {
    const std::string fifo = cat(box.folder, "/exec.fifo");
    if (options.detached && !options.start && ::mkfifo(fifo.c_str(), 0600) != 0)
        base::throw_errno(cat("making ", fifo));
    os::Command command;
    command.env = options.environment;
    if (options.console_socket) command.fds.emplace_back(options.console_socket->get(), 5);
    if (options.inherit_stdio)
        for (int fd = 0; fd < 3; ++fd) command.fds.emplace_back(fd, fd);
    lend(command, options.preserved);
    shim::Client client = start_shim(shim, "run", options.id, plan, std::move(command));
    try {
        const shim::StateBody made = client.wait_created();
        box.pid = made.pid;
        box.pid_started = made.pid_started;
        box.shim_pid = made.shim_pid;
        box.notes = notes_of(made.notes);
    } catch (...) {
        os::remove_file(cat(box.folder, "/box.json"));
        for (const char* name : {"/process.json", "/seccomp.json", "/exec.fifo", "/config.json", "/runtime.log"})
            os::remove_file(cat(box.folder, name));
        throw;
    }
}

ExecSpec complete_exec(const Box& box, const ExecSpec& spec, const ProcessRecord& record) {
    if (!os::open_process(box.pid, box.pid_started))
        throw Error(ErrorKind::conflict, cat("container ", box.id, " is not running"));
    if (is_frozen(box)) throw Error(ErrorKind::conflict, cat("container ", box.id, " is paused"), "unpause it first");
    ExecSpec wanted = spec;
    wanted.process = merged(record.process, spec);
    if (!wanted.user && !spec.exact_user && spec.process.user == User{}) {
        wanted.user = record.user;
        wanted.process.user = record.process.user;
    }
    if (spec.privileged) {
        const auto all = all_capabilities(Machine::look().capabilities);
        wanted.process.capabilities = Capabilities{all, all, {}, all, {}};
        wanted.process.apparmor_profile.clear();
    }
    return wanted;
}

std::unique_ptr<ExecProcess> launch_exec(const Box& box, const ExecSpec& spec, const os::Fd& shim,
                                         std::string_view plan) {
    os::Command command;
    const std::optional<int> stdio[] = {spec.stdin_fd, spec.stdout_fd, spec.stderr_fd};
    for (int fd = 0; fd < 3; ++fd)
        if (stdio[fd]) command.fds.emplace_back(*stdio[fd], fd);
    lend(command, spec.preserved);
    shim::Client client = start_shim(shim, "exec", box.id, plan, std::move(command));
    os::Fd terminal;
    const shim::StateBody state = client.wait_created(&terminal);
    return std::make_unique<ShimExec>(std::move(client), state, std::move(terminal));
}

}  // namespace tutti::embedded::runtime::native
