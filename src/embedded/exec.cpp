#include "embedded/exec.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "embedded/list.h"
#include "embedded/merge.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;
using engine::StreamKind;

namespace {

// Ends of the pipes, or the terminal, that lead to the process.
class ExecStreams final : public engine::Attached {
  public:
    os::Fd input, output, errors, terminal;
    int ended = -1;  // readable when the process has ended

    void send(std::string_view bytes) override {
        const std::lock_guard lock(input_mutex_);
        const os::Fd& to = terminal ? terminal : input;
        if (!to) throw Error(ErrorKind::conflict, "standard input is not attached");
        os::write_all(to, bytes);
    }
    void close_stdin() override {
        const std::lock_guard lock(input_mutex_);
        if (!terminal) return input.reset();
        os::write_all(terminal, "\x04");  // a terminal has no half: the end of file is a key
    }
    void resize(int rows, int columns) override {
        if (!terminal) return;
        winsize size{};
        size.ws_row = static_cast<unsigned short>(rows);
        size.ws_col = static_cast<unsigned short>(columns);
        ::ioctl(terminal.get(), TIOCSWINSZ, &size);
    }
    void detach() override { detached_.cancel(); }

    // Until all output is closed; or the process has ended, and what it had written is read: somebody it left behind
    // may hold the pipes open for ever.
    void receive(const engine::OutputSink& sink, const os::Cancel& cancel) override {
        bool out_open = terminal || output, err_open = static_cast<bool>(errors), over = false;
        while (out_open || err_open) {
            std::array<pollfd, 5> fds{{{out_open ? output_fd() : -1, POLLIN, 0},
                                       {err_open ? errors.get() : -1, POLLIN, 0},
                                       {over ? -1 : ended, POLLIN, 0},
                                       {cancel.fd(), POLLIN, 0},
                                       {detached_.fd(), POLLIN, 0}}};
            if (::poll(fds.data(), fds.size(), over ? 0 : -1) < 0 && errno != EINTR)
                base::throw_errno("waiting for output");
            cancel.check();
            if (detached_.cancelled()) return;
            const bool out_ready = fds[0].revents != 0, err_ready = fds[1].revents != 0;
            if (over && !out_ready && !err_ready) return;
            if (out_ready) out_open = copy(output_fd(), StreamKind::stdout_, sink);
            if (err_ready) err_open = copy(errors.get(), StreamKind::stderr_, sink);
            over = over || fds[2].revents != 0;
        }
    }

  private:
    int output_fd() const { return terminal ? terminal.get() : output.get(); }

    static bool copy(int fd, StreamKind stream, const engine::OutputSink& sink) {
        std::array<char, 32 * 1024> buffer;
        const auto n = ::read(fd, buffer.data(), buffer.size());
        if (n > 0) sink(stream, {buffer.data(), static_cast<std::size_t>(n)});
        return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
    }

    os::Cancel detached_;
    std::mutex input_mutex_;
};

class ExecHandle final : public engine::Exec {
  public:
    ExecHandle(Parts& parts, records::State state, std::string id, std::string exec_id)
        : parts_(parts), state_(std::move(state)), id_(std::move(id)), exec_id_(std::move(exec_id)) {}

    engine::Attached& streams() override { return streams_; }
    int wait(const os::Cancel& cancel) override {
        if (!process_) return 0;
        if (!code_) {
            code_ = process_->wait(cancel);
            records::tell(parts_.events(), state_, id_, "exec_die",
                          {{"execID", exec_id_}, {"exitCode", std::to_string(*code_)}});
        }
        return *code_;
    }

    ExecStreams streams_;
    std::unique_ptr<runtime::ExecProcess> process_;

  private:
    Parts& parts_;
    records::State state_;
    std::string id_, exec_id_;
    std::optional<int> code_;
};

// A command that never ran, told as Docker tells it: its error is all its output, and 126 or 127 its exit code.
class UnstartedExec final : public engine::Exec, private engine::Attached {
  public:
    UnstartedExec(std::string error, int code) : error_(std::move(error)), code_(code) {}
    engine::Attached& streams() override { return *this; }
    int wait(const os::Cancel&) override { return code_; }

  private:
    void send(std::string_view) override { throw Error(ErrorKind::conflict, error_); }
    void close_stdin() override {}
    void resize(int, int) override {}
    void receive(const engine::OutputSink& sink, const os::Cancel&) override {
        sink(StreamKind::stderr_, cat(error_, '\n'));
    }
    void detach() override {}

    std::string error_;
    int code_;
};

}  // namespace

static runtime::ExecSpec to_runtime(const engine::ExecSpec& spec, const records::Config& config) {
    runtime::ExecSpec out;
    out.process.args = spec.command;
    out.process.env = merge_env(config.spec.env, spec.env);
    const std::string& own = config.spec.working_dir;
    out.process.cwd = !spec.working_dir.empty() ? spec.working_dir : own.empty() ? "/" : own;
    out.process.terminal = spec.tty;
    if (spec.tty && spec.rows > 0 && spec.columns > 0)
        out.process.console_size =
            runtime::ConsoleSize{static_cast<std::uint32_t>(spec.rows), static_cast<std::uint32_t>(spec.columns)};
    out.user = runtime::NamedUser{.text = spec.user.empty() ? config.spec.user : spec.user,
                                  .groups = spec.user.empty() ? config.spec.group_add : std::vector<std::string>{}};
    out.privileged = spec.privileged;
    return out;
}

std::unique_ptr<engine::Exec> exec_in_container(Parts& parts, const records::Folder& folder, const std::string& name,
                                                const engine::ExecSpec& spec) {
    if (spec.command.empty()) throw Error(ErrorKind::invalid, "No exec command specified");
    auto evidence = evidence_of(folder);
    const auto view = records::view(evidence);
    if (view.state == engine::ContainerState::paused)
        throw Error(ErrorKind::conflict, cat("Container ", name, " is paused, unpause the container before exec"));
    if (view.pid == 0) throw Error(ErrorKind::conflict, cat("container ", name, " is not running"));
    const auto config = folder.config();
    const auto box = runtime::read_box(folder.run_path());
    const std::string exec_id = records::random_id(), line = command_line(spec.command);
    records::tell(parts.events(), evidence.state, folder.id(), "exec_create: " + line, {{"execID", exec_id}});

    auto exec = std::make_unique<ExecHandle>(parts, evidence.state, folder.id(), exec_id);
    auto wanted = to_runtime(spec, config);
    os::Pipe in, out, err;
    if (!spec.tty && !spec.detach) {
        if (spec.attach_stdin) in = os::make_pipe();
        out = os::make_pipe();
        err = os::make_pipe();
        if (in.read) wanted.stdin_fd = in.read.get();
        wanted.stdout_fd = out.write.get();
        wanted.stderr_fd = err.write.get();
    }
    try {
        exec->process_ = parts.runtime(box.runtime).exec(box, wanted);
    } catch (const Error& error) {
        const int code = runtime::exit_code_of(error);
        if (code == 125 || spec.detach) throw;
        return std::make_unique<UnstartedExec>(error.what(), code);
    }
    exec->streams_.input = std::move(in.write);
    exec->streams_.output = std::move(out.read);
    exec->streams_.errors = std::move(err.read);
    if (spec.tty) exec->streams_.terminal = exec->process_->terminal().duplicate();
    exec->streams_.ended = exec->process_->wait_fd();
    records::tell(parts.events(), evidence.state, folder.id(), "exec_start: " + line, {{"execID", exec_id}});
    return exec;
}

}  // namespace tutti::embedded
