#include "verbs/pipe.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"

namespace tutti::verbs {

namespace {

constexpr std::size_t at_once = std::size_t{64} << 10;

class PipeSource final : public base::Source {
  public:
    PipeSource(const os::Fd& fd, const os::Cancel& cancel) : fd_(fd), cancel_(cancel) {}
    std::size_t read(char* into, std::size_t size) override {
        os::wait(fd_, POLLIN, cancel_);
        ssize_t got = 0;
        while ((got = ::read(fd_.get(), into, size)) < 0 && errno == EINTR) {}
        if (got < 0) base::throw_errno("reading from a pipe");
        return static_cast<std::size_t>(got);
    }

  private:
    const os::Fd& fd_;
    const os::Cancel& cancel_;
};

class PipeSink final : public base::Sink {
  public:
    explicit PipeSink(const os::Fd& fd) : fd_(fd) {}
    void write(std::string_view bytes) override {
        pending_.append(bytes);
        if (pending_.size() >= at_once) flush();
    }
    void flush() {
        os::write_all(fd_, pending_);
        pending_.clear();
    }

  private:
    const os::Fd& fd_;
    std::string pending_;
};

bool nobody_reads(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const base::Error& error) { return error.errno_value() == EPIPE; } catch (...) {
        return false;
    }
}

}  // namespace

void through_pipe(os::Scope& scope, const std::function<void(base::Sink&)>& write,
                  const std::function<void(base::Source&)>& read) {
    os::Pipe pipe = os::make_pipe();
    std::exception_ptr written, taken;
    os::Scope writing = scope.child();
    writing.spawn([&] {
        try {
            PipeSink sink(pipe.write);
            write(sink);
            sink.flush();
        } catch (...) { written = std::current_exception(); }
        pipe.write.reset();
    });
    try {
        PipeSource source(pipe.read, scope.cancel());
        read(source);
    } catch (...) { taken = std::current_exception(); }
    pipe.read.reset();
    writing.join();
    if (written && !(taken && nobody_reads(written))) std::rethrow_exception(written);
    if (taken) std::rethrow_exception(taken);
}

std::function<std::string()> pieces(base::Source& source) {
    return [&source] {
        std::string piece(at_once, '\0');
        piece.resize(source.read(piece.data(), piece.size()));
        return piece;
    };
}

}  // namespace tutti::verbs
