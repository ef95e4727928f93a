#include "embedded/streams.h"

#include <poll.h>

#include <array>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "embedded/list.h"
#include "embedded/logs/read.h"
#include "embedded/shim/client.h"
#include "embedded/supervise/running.h"

namespace tutti::embedded {

using base::Error;
using base::ErrorKind;
using engine::StreamKind;

void read_logs(Parts& parts, const records::Folder& folder, const engine::LogOptions& options,
               const engine::LogSink& sink, const os::Cancel& cancel) {
    static_cast<void>(parts);
    const auto evidence = evidence_of(folder);
    if (folder.config().spec.log_driver == "none")
        throw Error(ErrorKind::unsupported, "configured logging driver does not support reading");
    auto wanted = options;
    std::optional<supervise::Running> running;
    if (options.follow && records::view(evidence).pid != 0) running = supervise::Running::hold(folder, evidence.state);
    if (!running) wanted.follow = false;
    logs::read(folder.file("json.log"), wanted, running ? running->fd() : -1, sink, cancel);
}

namespace {

// Input and output go over connections of their own, so that one thread may send while another receives.
class AttachedToShim final : public engine::Attached, public PendingAttach {
  public:
    AttachedToShim(Parts& parts, const records::Folder& folder, const engine::AttachOptions& options)
        : parts_(parts), folder_(folder), options_(options) {}

    // Both ends are held before the process runs its first instruction, if it is started by this program.
    void connect() override {
        const std::lock_guard lock(mutex_);
        if (output_) return;
        auto output = shim::Client::connect(folder_.run_path());
        auto input = shim::Client::connect(folder_.run_path());
        output.attach((options_.stdout_ ? shim::attach_stdout : 0) | (options_.stderr_ ? shim::attach_stderr : 0));
        output.subscribe(shim::Role::observer);
        if (options_.stdin_) input.attach(shim::attach_stdin);
        input_.emplace(std::move(input));
        output_.emplace(std::move(output));
        connected_.cancel();
    }
    void connect_late() override {
        try {
            connect();
        } catch (const Error&) { give_up(); }  // it has ended already
    }
    void give_up() override { connected_.cancel(); }

    void send(std::string_view bytes) override { require_input().input(bytes); }
    void close_stdin() override { require_input().input_end(); }
    void resize(int rows, int columns) override {
        require_input().resize(static_cast<std::uint16_t>(rows), static_cast<std::uint16_t>(columns));
    }
    void detach() override { detached_.cancel(); }

    void receive(const engine::OutputSink& sink, const os::Cancel& cancel) override {
        if (!await_start(cancel)) return;
        if (options_.logs) past(sink, cancel);
        for (;;) {
            while (auto event = output_->next_now())
                if (!handle(*event, sink)) return;
            if (!wait_for(output_->fd(), cancel)) return;
        }
    }

  private:
    // False: detached.
    bool wait_for(int fd, const os::Cancel& cancel) const {
        std::array<pollfd, 3> fds{{{fd, POLLIN, 0}, {cancel.fd(), POLLIN, 0}, {detached_.fd(), POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) base::throw_errno("waiting for output");
        cancel.check();
        return !detached_.cancelled();
    }

    // Attached before its start. False: it was never connected.
    bool await_start(const os::Cancel& cancel) {
        while (!connected_.cancelled()) {
            std::array<pollfd, 4> fds{{{connected_.fd(), POLLIN, 0},
                                       {cancel.fd(), POLLIN, 0},
                                       {detached_.fd(), POLLIN, 0},
                                       {parts_.pending().news().get(), POLLIN, 0}}};
            if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) base::throw_errno("waiting for the start");
            cancel.check();
            if (detached_.cancelled()) return false;
            if (fds[3].revents != 0) parts_.pending().read_news();
        }
        const std::lock_guard lock(mutex_);
        return output_.has_value();
    }

    shim::Client& require_input() {
        const std::lock_guard lock(mutex_);
        if (!input_) throw Error(ErrorKind::conflict, "the container is not running yet");
        return *input_;
    }

    void past(const engine::OutputSink& sink, const os::Cancel& cancel) const {
        logs::read(
            folder_.file("json.log"), {.stdout_ = options_.stdout_, .stderr_ = options_.stderr_}, -1,
            [&](const engine::LogLine& line) { sink(line.stream, line.partial ? line.text : line.text + "\n"); },
            cancel);
    }

    // False: nothing more comes.
    static bool handle(const shim::Event& event, const engine::OutputSink& sink) {
        const auto* output = std::get_if<shim::Output>(&event);
        if (!output) return false;
        if (!output->bytes.empty())
            sink(output->stream == 2 ? StreamKind::stderr_ : StreamKind::stdout_, output->bytes);
        return true;
    }

    Parts& parts_;
    records::Folder folder_;
    engine::AttachOptions options_;
    os::Cancel connected_, detached_;
    std::mutex mutex_;
    std::optional<shim::Client> output_, input_;
};

// What the caller holds; the object itself is shared with the start that will connect it.
class AttachedHandle final : public engine::Attached {
  public:
    explicit AttachedHandle(std::shared_ptr<AttachedToShim> attached) : attached_(std::move(attached)) {}
    void send(std::string_view bytes) override { attached_->send(bytes); }
    void close_stdin() override { attached_->close_stdin(); }
    void resize(int rows, int columns) override { attached_->resize(rows, columns); }
    void receive(const engine::OutputSink& sink, const os::Cancel& cancel) override {
        attached_->receive(sink, cancel);
    }
    void detach() override { attached_->detach(); }

  private:
    std::shared_ptr<AttachedToShim> attached_;
};

}  // namespace

std::unique_ptr<engine::Attached> attach_container(Parts& parts, const records::Folder& folder,
                                                   const engine::AttachOptions& options) {
    parts.pending().follow();
    const auto evidence = evidence_of(folder);
    const auto view = records::view(evidence);
    if (view.state == engine::ContainerState::paused)
        throw Error(ErrorKind::conflict, "You cannot attach to a paused container, unpause it first");
    if (view.state == engine::ContainerState::restarting)
        throw Error(ErrorKind::conflict, "You cannot attach to a restarting container, wait until it is running");
    auto attached = std::make_shared<AttachedToShim>(parts, folder, options);
    if (view.pid != 0)
        attached->connect();
    else
        parts.pending().add(folder.id(), attached);
    records::tell(parts.events(), evidence.state, folder.id(), "attach");
    return std::make_unique<AttachedHandle>(std::move(attached));
}

}  // namespace tutti::embedded
