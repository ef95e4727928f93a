// Attach, exec and logs: raw or multiplexed streams over a hijacked connection (Docker Engine API, "Attach to a
// container").
#include "docker/client/streams.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "docker/client/faces.h"
#include "docker/wire/containers.h"
#include "docker/wire/nodes.h"

namespace tutti::docker::client {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;
using engine::StreamKind;

void Demultiplexer::feed(std::string_view bytes, const engine::OutputSink& sink) {
    if (raw_) {
        sink(StreamKind::stdout_, bytes);
        return;
    }
    while (!bytes.empty()) {
        if (left_ == 0) {
            const std::size_t n = std::min(bytes.size(), head_size - head_.size());
            head_.append(bytes.substr(0, n));
            bytes.remove_prefix(n);
            if (head_.size() < head_size) return;
            const auto byte = [&](std::size_t i) {
                return static_cast<std::uint32_t>(static_cast<unsigned char>(head_[i]));
            };
            if (byte(0) > 3) throw Error(ErrorKind::invalid, "the engine's stream is not multiplexed as announced");
            kind_ = byte(0) == 2 ? StreamKind::stderr_ : StreamKind::stdout_;
            left_ = byte(4) << 24 | byte(5) << 16 | byte(6) << 8 | byte(7);
            head_.clear();
            continue;
        }
        const std::size_t n = std::min<std::size_t>(bytes.size(), left_);
        sink(kind_, bytes.substr(0, n));
        bytes.remove_prefix(n);
        left_ -= static_cast<std::uint32_t>(n);
    }
}

namespace {

class FarStreams : public engine::Attached {
  public:
    FarStreams(http::RawStream stream, bool tty, std::function<void(int, int)> resize)
        : stream_(std::move(stream)), demultiplexer_(tty), resize_(std::move(resize)) {}

    void send(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t n = ::send(stream_.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(n));
            } else if (errno == EAGAIN) {
                os::wait(stream_.socket, POLLOUT, detached_);
            } else if (errno != EINTR) {
                base::throw_errno("sending to the container");
            }
        }
    }

    void close_stdin() override { ::shutdown(stream_.socket.get(), SHUT_WR); }
    void resize(int rows, int columns) override { resize_(rows, columns); }
    void detach() override { detached_.cancel(); }

    void receive(const engine::OutputSink& sink, const os::Cancel& cancel) override {
        demultiplexer_.feed(std::exchange(stream_.early, {}), sink);
        std::string buffer(65536, '\0');
        for (;;) {
            pollfd fds[3] = {{stream_.socket.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}, {detached_.fd(), POLLIN, 0}};
            if (::poll(fds, 3, -1) < 0 && errno != EINTR) base::throw_errno("waiting for output");
            cancel.check();
            if (detached_.cancelled()) return;
            const ssize_t n = ::recv(stream_.socket.get(), buffer.data(), buffer.size(), 0);
            if (n == 0 || (n < 0 && errno == ECONNRESET)) return;
            if (n > 0) demultiplexer_.feed({buffer.data(), static_cast<std::size_t>(n)}, sink);
            if (n < 0 && errno != EAGAIN && errno != EINTR) base::throw_errno("reading from the container");
        }
    }

  private:
    http::RawStream stream_;
    Demultiplexer demultiplexer_;
    std::function<void(int, int)> resize_;
    os::Cancel detached_;
};

// A detached exec has no streams.
class NoStreams : public engine::Attached {
  public:
    void send(std::string_view) override { throw Error(ErrorKind::invalid, "a detached exec takes no input"); }
    void close_stdin() override {}
    void resize(int, int) override {}
    void receive(const engine::OutputSink&, const os::Cancel&) override {}
    void detach() override {}
};

class FarExec : public engine::Exec {
  public:
    FarExec(Api& api, std::string id, std::unique_ptr<engine::Attached> streams)
        : api_(api), id_(std::move(id)), streams_(std::move(streams)) {}

    engine::Attached& streams() override { return *streams_; }

    int wait(const os::Cancel& cancel) override {
        // The API has no wait for an exec: its streams end when it does, and its state follows within moments.
        streams_->receive([](StreamKind, std::string_view) {}, cancel);
        for (auto pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, std::chrono::milliseconds(100))) {
            const Node state = api_.call({.path = cat("/exec/", id_, "/json")}, cancel);
            if (!state.bool_or("Running")) return static_cast<int>(state.int_or("ExitCode"));
            os::wait(os::Fd(), 0, cancel, os::Clock::now() + pause);
        }
    }

  private:
    Api& api_;
    std::string id_;
    std::unique_ptr<engine::Attached> streams_;
};

// Cuts a log's stream into lines; each begins with its time, as asked for by `timestamps=1`.
class LogLines {
  public:
    explicit LogLines(const engine::LogSink& sink) : sink_(sink) {}

    void feed(StreamKind kind, std::string_view bytes) {
        std::string& pending = kind == StreamKind::stderr_ ? err_ : out_;
        pending.append(bytes);
        for (std::size_t newline = pending.find('\n'); newline != std::string::npos; newline = pending.find('\n')) {
            emit(kind, std::string_view(pending).substr(0, newline), false);
            pending.erase(0, newline + 1);
        }
    }
    void finish() {
        if (!out_.empty()) emit(StreamKind::stdout_, out_, true);
        if (!err_.empty()) emit(StreamKind::stderr_, err_, true);
    }

  private:
    void emit(StreamKind kind, std::string_view line, bool partial) {
        const auto blank = line.find(' ');
        engine::LogLine out{.time = {}, .stream = kind, .text = std::string(line), .partial = partial};
        if (const auto time = base::parse_rfc3339(line.substr(0, blank))) {
            out.time = *time;
            out.text = blank == std::string_view::npos ? std::string() : std::string(line.substr(blank + 1));
        }
        sink_(out);
    }
    const engine::LogSink& sink_;
    std::string out_, err_;
};

std::string one(bool value) { return value ? "1" : ""; }

}  // namespace

std::unique_ptr<engine::Attached> ContainersFace::attach(const std::string& name,
                                                         const engine::AttachOptions& options) {
    const bool tty = inspect(name).spec.tty;
    http::RawStream stream = api_.hijack({.method = "POST",
                                          .path = cat("/containers/", in_path(name), "/attach"),
                                          .query = {{"stream", "1"},
                                                    {"stdin", one(options.stdin_)},
                                                    {"stdout", one(options.stdout_)},
                                                    {"stderr", one(options.stderr_)},
                                                    {"logs", one(options.logs)}}});
    return std::make_unique<FarStreams>(std::move(stream), tty,
                                        [this, name](int rows, int columns) { resize(name, rows, columns); });
}

std::unique_ptr<engine::Exec> ContainersFace::exec(const std::string& name, const engine::ExecSpec& spec) {
    const Node made = api_.call(
        {.method = "POST", .path = cat("/containers/", in_path(name), "/exec"), .body = wire::exec_body(spec)});
    const std::string id = made.text_or("Id");
    Node start = Node::map();
    start.set("Detach", wire::flag(spec.detach));
    start.set("Tty", wire::flag(spec.tty));
    const Call call{.method = "POST", .path = cat("/exec/", id, "/start"), .body = std::move(start)};
    if (spec.detach) {
        api_.call(call);
        return std::make_unique<FarExec>(api_, id, std::make_unique<NoStreams>());
    }
    auto resize = [this, id](int rows, int columns) {
        api_.call({.method = "POST",
                   .path = cat("/exec/", id, "/resize"),
                   .query = {{"h", std::to_string(rows)}, {"w", std::to_string(columns)}}});
    };
    return std::make_unique<FarExec>(api_, id,
                                     std::make_unique<FarStreams>(api_.hijack(call), spec.tty, std::move(resize)));
}

void ContainersFace::logs(const std::string& name, const engine::LogOptions& options, const engine::LogSink& sink,
                          const os::Cancel& cancel) {
    const bool tty = inspect(name).spec.tty;
    const http::Response response =
        api_.open({.path = cat("/containers/", in_path(name), "/logs"),
                   .query = {{"follow", one(options.follow)},
                             {"stdout", one(options.stdout_)},
                             {"stderr", one(options.stderr_)},
                             {"timestamps", "1"},
                             {"since", seconds_text(options.since)},
                             {"until", seconds_text(options.until)},
                             {"tail", options.tail < 0 ? "all" : std::to_string(options.tail)}},
                   .patience = {}},
                  cancel);
    Demultiplexer demultiplexer(tty);
    LogLines lines(sink);
    drain(*response.body, [&](std::string_view bytes) {
        demultiplexer.feed(bytes, [&](StreamKind kind, std::string_view text) { lines.feed(kind, text); });
    });
    lines.finish();
}

}  // namespace tutti::docker::client
