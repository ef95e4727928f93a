#include "http/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "http/parse.h"

namespace tutti::http {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

static void check_line(std::string_view text, std::string_view what) {
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
        throw Error(ErrorKind::invalid, cat("a line break in ", what, " of an HTTP request"));
}

static std::string head_of(const Request& request, const std::string& host) {
    check_line(request.method, "the method");
    check_line(request.target, "the target");
    std::string head = cat(request.method, ' ', request.target, " HTTP/1.1\r\n");
    if (!request.headers.find("Host")) head += cat("Host: ", host, "\r\n");
    for (const Header& header : request.headers) {
        check_line(header.name, "a header");
        check_line(header.value, "a header");
        head += cat(header.name, ": ", header.value, "\r\n");
    }
    const bool may_have_body = request.method != "GET" && request.method != "HEAD";
    if (request.stream && request.stream_size < 0)
        head += "Transfer-Encoding: chunked\r\n";
    else if (request.stream)
        head += cat("Content-Length: ", request.stream_size, "\r\n");
    else if (!request.body.empty() || (may_have_body && !request.headers.find("Upgrade")))
        head += cat("Content-Length: ", request.body.size(), "\r\n");
    return head + "\r\n";
}

// The socket with what was read beyond the last message.
struct Connection::Wire {
    os::Fd socket;
    std::string host;
    std::string buffer;  // read and not yet used
    std::chrono::milliseconds idle{0};
    bool reusable = true, busy = false;

    os::Until until() const { return idle.count() == 0 ? os::Until() : os::Clock::now() + idle; }

    // 0 at the end of the stream.
    std::size_t receive(char* into, std::size_t size, const os::Cancel& cancel) {
        for (;;) {
            cancel.check();
            const ssize_t n = ::recv(socket.get(), into, size, 0);
            if (n >= 0) return static_cast<std::size_t>(n);
            if (errno == EINTR) continue;
            if (errno != EAGAIN) throw_errno(cat("reading from ", host));
            if (os::wait(socket, POLLIN, cancel, until()) == os::Ready::timed_out)
                throw Error(ErrorKind::timeout, cat(host, " sent nothing for ", idle.count() / 1000, " seconds"));
        }
    }

    bool fill(const os::Cancel& cancel) {
        char more[16384];
        const std::size_t n = receive(more, sizeof more, cancel);
        buffer.append(more, n);
        return n != 0;
    }

    void transmit(std::string_view bytes, const os::Cancel& cancel) {
        while (!bytes.empty()) {
            cancel.check();
            const ssize_t n = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(n));
                continue;
            }
            if (errno == EINTR) continue;
            if (errno != EAGAIN) throw_errno(cat("writing to ", host));
            if (os::wait(socket, POLLOUT, cancel, until()) == os::Ready::timed_out)
                throw Error(ErrorKind::timeout, cat(host, " took nothing for ", idle.count() / 1000, " seconds"));
        }
    }

    void transmit_request(const Request& request, const os::Cancel& cancel) {
        std::string head = head_of(request, host);
        if (!request.stream && request.body.size() < 65536) head += request.body;  // one segment
        transmit(head, cancel);
        if (request.stream)
            transmit_stream(request, cancel);
        else if (request.body.size() >= 65536)
            transmit(request.body, cancel);
    }

    void transmit_stream(const Request& request, const os::Cancel& cancel) {
        std::string chunk(std::size_t{256} << 10, '\0');
        std::int64_t sent = 0;
        while (const std::size_t n = request.stream->read(chunk.data(), chunk.size())) {
            sent += static_cast<std::int64_t>(n);
            if (request.stream_size >= 0 && sent > request.stream_size)
                throw Error(ErrorKind::invalid, "a request's body is longer than announced");
            char size[24] = "";
            if (request.stream_size < 0) std::snprintf(size, sizeof size, "%zx\r\n", n);
            transmit(size, cancel);
            transmit({chunk.data(), n}, cancel);
            if (request.stream_size < 0) transmit("\r\n", cancel);
        }
        if (request.stream_size < 0) transmit("0\r\n\r\n", cancel);
        if (request.stream_size >= 0 && sent != request.stream_size)
            throw Error(ErrorKind::invalid, "a request's body is shorter than announced");
    }
};

class ResponseBody : public base::Source {
  public:
    ResponseBody(std::shared_ptr<Connection::Wire> wire, Framing framing, bool keep, os::Cancel cancel)
        : wire_(std::move(wire)), framing_(framing), left_(framing.length), keep_(keep), cancel_(std::move(cancel)) {
        if (framing_.kind == Framing::Kind::none || (framing_.kind == Framing::Kind::length && left_ == 0)) finish();
    }

    std::size_t read(char* into, std::size_t size) override {
        if (ended_ || size == 0) return 0;
        switch (framing_.kind) {
            case Framing::Kind::none: return 0;
            case Framing::Kind::length: return read_length(into, size);
            case Framing::Kind::chunked: return read_chunked(into, size);
            case Framing::Kind::until_close: break;
        }
        const std::size_t n = take(into, size);
        if (n == 0) ended_ = true;
        return n;
    }

  private:
    void finish() {
        ended_ = true;
        wire_->busy = false;
        wire_->reusable = keep_;
    }

    std::size_t take(char* into, std::size_t size) {
        if (wire_->buffer.empty()) return wire_->receive(into, size, cancel_);
        const std::size_t n = wire_->buffer.copy(into, size);
        wire_->buffer.erase(0, n);
        return n;
    }

    [[noreturn]] void cut() const {
        throw Error(ErrorKind::unavailable, cat(wire_->host, " closed the connection in the middle of a response"), {},
                    ECONNRESET);
    }

    std::size_t read_length(char* into, std::size_t size) {
        const std::size_t n = take(into, static_cast<std::size_t>(std::min<std::uint64_t>(size, left_)));
        if (n == 0) cut();
        left_ -= n;
        if (left_ == 0) finish();
        return n;
    }

    std::size_t read_chunked(char* into, std::size_t size) {
        std::string out;
        while (out.empty() && !chunks_.done()) {
            if (wire_->buffer.empty() && !wire_->fill(cancel_)) cut();
            wire_->buffer.erase(0, chunks_.feed(wire_->buffer, out, size));
        }
        if (chunks_.done() && out.empty()) finish();
        return out.copy(into, size);
    }

    std::shared_ptr<Connection::Wire> wire_;
    Framing framing_;
    std::uint64_t left_;
    bool keep_;
    os::Cancel cancel_;
    ChunkDecoder chunks_;
    bool ended_ = false;
};

Connection::Connection(os::Fd socket, std::string host) : wire_(std::make_shared<Wire>()) {
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) throw_errno("preparing a socket");
    wire_->socket = std::move(socket);
    wire_->host = std::move(host);
}

Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

void Connection::set_idle_timeout(std::chrono::milliseconds time) { wire_->idle = time; }
bool Connection::reusable() const { return wire_->reusable && !wire_->busy; }

bool Connection::stale() const {
    char byte;
    return ::recv(wire_->socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

Response Connection::send(const Request& request, const os::Cancel& cancel) {
    Wire& wire = *wire_;
    if (!reusable()) throw Error(ErrorKind::internal, cat("the connection to ", wire.host, " is still in use"));
    wire.busy = true;
    wire.reusable = false;
    try {
        wire.transmit_request(request, cancel);
    } catch (const Error& error) {
        // A peer may refuse a long body by answering early and hanging up: then its answer counts, not our broken pipe.
        if (error.errno_value() != EPIPE && error.errno_value() != ECONNRESET) throw;
    }
    return receive_response(request.method, cancel);
}

Response Connection::receive_response(const std::string& method, const os::Cancel& cancel) {
    Wire& wire = *wire_;
    for (;;) {
        std::size_t length = 0;
        while ((length = head_length(wire.buffer)) == 0)
            if (!wire.fill(cancel))
                throw Error(ErrorKind::unavailable, cat(wire.host, " closed the connection without an answer"), {},
                            ECONNRESET);
        ResponseHead answer = parse_response_head(std::string_view(wire.buffer).substr(0, length));
        wire.buffer.erase(0, length);
        if (answer.status < 200 && answer.status != 101) continue;

        const Framing framing = framing_of_response(answer, method);
        bool keep =
            answer.version_minor == 1 && !answer.headers.has_token("Connection", "close") && answer.status != 101;
        if (framing.kind == Framing::Kind::until_close) keep = false;
        Response response{answer.status, std::move(answer.reason), std::move(answer.headers), nullptr};
        response.body = std::make_unique<ResponseBody>(wire_, framing, keep, cancel);
        return response;
    }
}

RawStream Connection::take_stream() {
    wire_->reusable = false;
    return {std::move(wire_->socket), std::move(wire_->buffer)};
}

}  // namespace tutti::http
