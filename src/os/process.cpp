#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::os {

using base::cat;
using base::throw_errno;

namespace {

constexpr std::size_t stack_size = 64 * 1024;
constexpr int first_parking_place = 100;  // descriptors are moved here before they take their final numbers

// Everything the child needs, made before the clone: the child shares our memory and may neither allocate nor throw.
struct Launch {
    const char* program = nullptr;
    int program_fd = -1;
    char* const* argv = nullptr;
    char* const* envp = nullptr;
    const char* cwd = nullptr;
    const std::pair<int, int>* fds = nullptr;
    std::size_t fd_count = 0;
    bool new_session = false, orphan = false;
    sigset_t mask{};
    char* inner_stack = nullptr;
    int error = 0;  // of the child, read by us: the memory is shared
};

int fail_child(Launch& launch) {
    launch.error = errno;
    ::_exit(127);
}

int become(void* argument) {
    Launch& launch = *static_cast<Launch*>(argument);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    if (launch.new_session) ::setsid();
    int parked[16];
    for (std::size_t i = 0; i < launch.fd_count; ++i) {
        parked[i] = ::fcntl(launch.fds[i].first, F_DUPFD_CLOEXEC, first_parking_place);
        if (parked[i] < 0) return fail_child(launch);
    }
    int program = launch.program_fd;
    if (program >= 0 && (program = ::fcntl(program, F_DUPFD_CLOEXEC, first_parking_place)) < 0)
        return fail_child(launch);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; ++fd)
        if (null >= 0 && null != fd) ::dup2(null, fd);
    for (std::size_t i = 0; i < launch.fd_count; ++i)
        if (::dup2(parked[i], launch.fds[i].second) < 0) return fail_child(launch);
    if (launch.cwd && ::chdir(launch.cwd) != 0) return fail_child(launch);
    ::sigprocmask(SIG_SETMASK, &launch.mask, nullptr);
    if (program >= 0)
        ::syscall(SYS_execveat, program, "", launch.argv, launch.envp, AT_EMPTY_PATH);
    else
        ::execve(launch.program, launch.argv, launch.envp);
    return fail_child(launch);
}

int become_by_another(void* argument) {
    Launch& launch = *static_cast<Launch*>(argument);
    if (::clone(become, launch.inner_stack + stack_size, CLONE_VM | CLONE_VFORK | SIGCHLD, argument) < 0)
        return fail_child(launch);
    ::_exit(0);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

// The child's pid and pidfd, once it has become the program (or the one between has left).
std::pair<pid_t, Fd> launch(const Command& command, bool orphan) {
    if (command.argv.empty() || command.fds.size() > 16)
        throw base::Error(base::ErrorKind::internal, "starting nothing");
    const std::vector<char*> argv = pointers(command.argv), envp = pointers(command.env);
    Launch plan;
    plan.program = command.program.empty() ? command.argv[0].c_str() : command.program.c_str();
    plan.program_fd = command.program_fd;
    plan.argv = argv.data();
    plan.envp = envp.data();
    plan.cwd = command.cwd.empty() ? nullptr : command.cwd.c_str();
    plan.fds = command.fds.data();
    plan.fd_count = command.fds.size();
    plan.new_session = command.new_session;
    void* stacks =
        ::mmap(nullptr, 2 * stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stacks == MAP_FAILED) throw_errno(cat("starting ", command.argv[0]));
    char* stack = static_cast<char*>(stacks);
    plan.inner_stack = stack + stack_size;
    sigset_t all;
    sigfillset(&all);
    sigset_t before;
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
    sigemptyset(&plan.mask);                        // programs begin with nothing blocked
    int pidfd = -1;
    const pid_t pid = ::clone(orphan ? become_by_another : become, stack + stack_size,
                              CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &pidfd);
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::munmap(stacks, 2 * stack_size);
    if (pid < 0) throw_errno(cat("starting ", command.argv[0]), error);
    Fd fd(pidfd);
    if (plan.error != 0 || orphan) {
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
    }
    if (plan.error != 0) throw_errno(cat("starting ", command.argv[0]), plan.error);
    return {pid, std::move(fd)};
}

}  // namespace

Process Process::spawn(const Command& command) {
    auto [pid, fd] = launch(command, false);
    return Process(pid, std::move(fd));
}

void spawn_orphan(const Command& command) { launch(command, true); }

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        end();
        pid_ = std::exchange(other.pid_, 0);
        fd_ = std::move(other.fd_);
    }
    return *this;
}

void Process::end() {
    if (pid_ == 0) return;
    ::syscall(SYS_pidfd_send_signal, fd_.get(), SIGKILL, nullptr, 0);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
    pid_ = 0;
}

void Process::signal(int number) const {
    if (pid_ == 0 || ::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0 || errno == ESRCH) return;
    throw_errno(cat("sending signal ", number, " to process ", pid_));
}

std::optional<ExitStatus> Process::wait(const Cancel& cancel, Until until) {
    if (os::wait(fd_, POLLIN, cancel, until) == Ready::timed_out) return std::nullopt;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
        if (errno != EINTR) throw_errno(cat("waiting for process ", pid_));
    }
    pid_ = 0;
    if (WIFSIGNALED(status)) return ExitStatus{128 + WTERMSIG(status), WTERMSIG(status)};
    return ExitStatus{WEXITSTATUS(status), 0};
}

std::uint64_t process_start_time(pid_t pid) {
    const auto text = read_file_if_exists(cat("/proc/", pid, "/stat"));
    if (!text) return 0;
    const auto name_end = text->rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) return 0;
    const auto fields = base::split(std::string_view(*text).substr(name_end + 2), ' ');
    if (fields[0] == "Z" || fields[0] == "X") return 0;  // it has ended; only its parent has not asked yet
    return fields.size() > 19 ? base::to_uint(fields[19]).value_or(0) : 0;
}

std::optional<Fd> open_process(pid_t pid, std::uint64_t start_time) {
    if (pid <= 0) return std::nullopt;
    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return std::nullopt;
    if (process_start_time(pid) != start_time) return std::nullopt;
    return fd;
}

std::optional<std::string> find_program(std::string_view search_path, std::string_view name) {
    for (const auto folder : base::split(search_path, ':')) {
        std::string program = cat(folder, '/', name);
        if (!folder.empty() && ::access(program.c_str(), X_OK) == 0) return program;
    }
    return std::nullopt;
}

}  // namespace tutti::os
