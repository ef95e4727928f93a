#include <sys/ioctl.h>

#include "embedded/shim/box/monitor.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

static void make_pipe(int& read_end, int& write_end) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("making a pipe", nullptr);
    read_end = ends[0];
    write_end = ends[1];
}

static void no_waiting(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

void Monitor::open_streams() {
    const Plan& plan = view_.plan();
    streams_[0].number = 1;
    streams_[1].number = 2;
    if (plan.log.path) {
        const char* path = view_.text(plan.log.path);
        if (!log_.open(path, {plan.log.max_size, plan.log.max_files})) fail("opening the log", path);
        has_log_ = true;
    }
    if (plan.inherit_stdio || plan.process.terminal) return;
    if (plan.open_stdin)
        make_pipe(stdio_.in, input_);
    else
        stdio_.in = checked(::open("/dev/null", O_RDONLY | O_CLOEXEC), "opening", "/dev/null");
    if (input_ >= 0) no_waiting(input_);
    make_pipe(streams_[0].fd, stdio_.out);
    make_pipe(streams_[1].fd, stdio_.err);
    for (Stream& stream : streams_) {
        no_waiting(stream.fd);
        stream.ended = false;
    }
}

// Cuts what came into lines. What has no line end yet waits for it, unless it is too long for one entry.
void Monitor::log_chunk(Stream& stream, const char* bytes, size_t size) {
    if (!has_log_) return;
    const std::int64_t now = now_nanoseconds();
    while (size > 0) {
        const char* end = static_cast<const char*>(memchr(bytes, '\n', size));
        size_t length = end ? static_cast<size_t>(end - bytes) + 1 : size;
        const bool whole = end != nullptr;
        const size_t room = sizeof stream.line - stream.filled;
        const bool cut = length > room;
        if (cut) length = room;
        if (stream.filled == 0 && whole && !cut) {
            log_.add(stream.number, bytes, length, now);
        } else {
            memcpy(stream.line + stream.filled, bytes, length);
            stream.filled += length;
            if ((whole && !cut) || stream.filled == sizeof stream.line) {
                log_.add(stream.number, stream.line, stream.filled, now);
                stream.filled = 0;
            }
        }
        bytes += length;
        size -= length;
    }
    log_.flush();
}

void Monitor::deliver(Stream& stream) {
    bool owed = false;
    const int index = stream.number - 1;
    for (Connection& connection : connections_) {
        if (connection.fd < 0 || !connection.owed[index]) continue;
        const Header header{protocol_version, Kind::output, static_cast<std::uint32_t>(stream.size), 0};
        iovec parts[2] = {{const_cast<Header*>(&header), sizeof header}, {stream.chunk, stream.size}};
        msghdr message{};
        message.msg_iov = parts;
        message.msg_iovlen = 2;
        const ssize_t n = ::sendmsg(connection.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
            owed = true;  // nobody loses a byte: the box waits, as it would on a pipe
            continue;
        }
        connection.owed[index] = false;
        if (n < 0) drop(connection);
    }
    if (!owed) stream.size = 0;
}

void Monitor::on_output(Stream& stream) {
    const OutputBody head{stream.number};
    memcpy(stream.chunk, &head, sizeof head);
    char* bytes = stream.chunk + sizeof head;
    const ssize_t n = ::read(stream.fd, bytes, sizeof stream.chunk - sizeof head);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return end_stream(stream);  // a terminal says EIO when its other side is closed
    log_chunk(stream, bytes, static_cast<size_t>(n));
    stream.size = sizeof head + static_cast<size_t>(n);
    const std::int32_t wanted = stream.number == 1 ? attach_stdout : attach_stderr;
    for (Connection& connection : connections_)
        connection.owed[stream.number - 1] = connection.fd >= 0 && (connection.attached & wanted) != 0;
    deliver(stream);
}

void Monitor::end_stream(Stream& stream) {
    if (stream.ended) return;
    stream.ended = true;
    if (stream.fd >= 0 && stream.fd != terminal_) ::close(stream.fd);
    stream.fd = -1;
    if (stream.filled > 0 && has_log_) {
        log_.add(stream.number, stream.line, stream.filled, now_nanoseconds());
        log_.flush();
        stream.filled = 0;
    }
    const OutputBody end{stream.number};
    memcpy(stream.chunk, &end, sizeof end);
    stream.size = sizeof end;
    const std::int32_t wanted = stream.number == 1 ? attach_stdout : attach_stderr;
    for (Connection& connection : connections_)
        connection.owed[stream.number - 1] = connection.fd >= 0 && (connection.attached & wanted) != 0;
    deliver(stream);
}

void Monitor::on_input(const char* bytes, size_t size) {
    if (input_ < 0) return;
    if (size > sizeof input_buffer_) size = sizeof input_buffer_;
    memcpy(input_buffer_, bytes, size);  // the last one is through: clients are not read before
    input_size_ = size;
    input_sent_ = 0;
    flush_input();
}

void Monitor::flush_input() {
    while (input_ >= 0 && input_sent_ < input_size_) {
        const ssize_t n = ::write(input_, input_buffer_ + input_sent_, input_size_ - input_sent_);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            input_sent_ = input_size_;  // nobody reads any more
            input_ends_ = true;
            break;
        }
        input_sent_ += static_cast<size_t>(n);
    }
    input_size_ = input_sent_ = 0;
    if (input_ends_) end_input();
}

void Monitor::end_input() {
    if (input_ < 0 || input_ == terminal_) return;
    if (input_sent_ < input_size_) {
        input_ends_ = true;
        return;
    }
    ::close(input_);
    input_ = -1;
}

bool Monitor::drained() const {
    for (const Stream& stream : streams_)
        if (stream.size > 0) return false;
    return true;
}

}  // namespace tutti::embedded::shim::box
