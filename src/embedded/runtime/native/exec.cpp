#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/environment.h"
#include "embedded/runtime/native/lower.h"
#include "embedded/runtime/native/native.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/process_record.h"
#include "os/process.h"

namespace tutti::embedded::runtime::native {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

class NativeExec : public ExecProcess {
  public:
    NativeExec(shim::Client client, const shim::StateBody& state, os::Fd terminal)
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

std::unique_ptr<ExecProcess> Native::exec(const Box& box, const ExecSpec& spec) {
    if (!os::open_process(box.pid, box.pid_started))
        throw Error(ErrorKind::conflict, cat("container ", box.id, " is not running"));
    if (is_frozen(box)) throw Error(ErrorKind::conflict, cat("container ", box.id, " is paused"), "unpause it first");
    const ProcessRecord record = read_process_record(box);
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
    const Filter filter = spec.inherit_security ? recorded_filter(box, record, options_.cache_dir) : Filter{};
    const os::Fd plan =
        seal(lower_exec({wanted.process, wanted, box, box.namespaces, hierarchies_, filter.program, filter.flags}));
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) base::throw_errno("making a socket pair");
    shim::Client client{os::Fd(pair[0])};
    {
        const os::Fd theirs(pair[1]);
        os::Command command;
        command.argv = {"tutti-shim", "exec", box.id};
        command.program_fd = program_.get();
        command.cwd = "/";
        command.fds = {{plan.get(), 3}, {theirs.get(), 4}};
        const std::optional<int> stdio[] = {spec.stdin_fd, spec.stdout_fd, spec.stderr_fd};
        for (int fd = 0; fd < 3; ++fd)
            if (stdio[fd]) command.fds.emplace_back(*stdio[fd], fd);
        lend(command, spec.preserved);
        os::spawn_orphan(command);
    }
    os::Fd terminal;
    const shim::StateBody state = client.wait_created(&terminal);
    return std::make_unique<NativeExec>(std::move(client), state, std::move(terminal));
}

}  // namespace tutti::embedded::runtime::native
