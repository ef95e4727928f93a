#include "embedded/shim/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "base/text.h"

namespace tutti::embedded::shim {

using base::cat;
using base::ErrorKind;

namespace {

constexpr std::size_t most_fds = 16;

template <class Body>
std::string_view bytes_of(const Body& body) {
    return {reinterpret_cast<const char*>(&body), sizeof body};
}

template <class Body>
Body read_body(std::string_view bytes) {
    Body body{};
    std::memcpy(&body, bytes.data(), std::min(bytes.size(), sizeof body));
    return body;
}

ErrorKind kind_of(int error, int exit_code) {
    if (exit_code == 127 || error == ENOENT || error == ESRCH) return ErrorKind::not_found;
    if (exit_code == 126 || error == EACCES || error == EPERM) return ErrorKind::denied;
    if (error == EBUSY || error == EEXIST) return ErrorKind::conflict;
    if (error == ENOSYS || error == EOPNOTSUPP) return ErrorKind::unsupported;
    if (error == EINVAL) return ErrorKind::invalid;
    return ErrorKind::internal;
}

[[noreturn]] void throw_failed(std::string_view bytes) {
    const auto body = read_body<FailedBody>(bytes);
    std::string text(bytes.substr(std::min(bytes.size(), sizeof body)));
    if (body.error != 0) text = cat(text, ": ", base::to_lower(std::strerror(body.error)));
    throw Failed(kind_of(body.error, body.exit_code), std::move(text), body.error, body.exit_code);
}

[[noreturn]] void throw_gone() {
    throw Failed(ErrorKind::unavailable, "the container's shim has gone away", ECONNRESET, 125);
}

}  // namespace

Client Client::connect(const std::string& folder) {
    os::Fd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    os::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!fd) base::throw_errno("making a socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = cat("/proc/self/fd/", place.get(), "/shim.sock");  // however long the folder's name is
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (!place || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw base::Error(ErrorKind::not_found, cat("no shim listens in ", folder), {}, errno);
    return Client(std::move(fd));
}

void Client::send(Kind kind, std::string_view body, const std::vector<int>& fds) {
    const Header header{protocol_version, kind, static_cast<std::uint32_t>(body.size()), ++serial_};
    iovec parts[2] = {{const_cast<Header*>(&header), sizeof header}, {const_cast<char*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    alignas(cmsghdr) char control[CMSG_SPACE(most_fds * sizeof(int))];
    if (fds.size() > most_fds) throw base::Error(ErrorKind::invalid, "at most 16 descriptors are kept under one name");
    if (!fds.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        std::memcpy(CMSG_DATA(head), fds.data(), fds.size() * sizeof(int));
    }
    while (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) < 0) {
        if (errno == EPIPE || errno == ECONNRESET) throw_gone();
        if (errno != EINTR) base::throw_errno("writing to the container's shim");
    }
}

std::optional<Client::Message> Client::receive(bool wait) {
    Message out;
    out.body.resize(largest_body + 64);
    iovec parts[2] = {{&out.header, sizeof out.header}, {out.body.data(), out.body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    alignas(cmsghdr) char control[CMSG_SPACE(most_fds * sizeof(int))];
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t n;
    do n = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN && !wait) return std::nullopt;
    for (cmsghdr* head = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr; head; head = CMSG_NXTHDR(&message, head)) {
        const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof fd);
            out.fds.emplace_back(fd);
        }
    }
    if (n < static_cast<ssize_t>(sizeof out.header)) throw_gone();
    out.body.resize(static_cast<std::size_t>(n) - sizeof out.header);
    return out;
}

std::optional<Event> Client::unasked(Message message) {
    if (message.header.kind == Kind::output) {
        const auto body = read_body<OutputBody>(message.body);
        message.body.erase(0, std::min(message.body.size(), sizeof body));
        return Output{body.stream, std::move(message.body)};
    }
    if (message.header.kind == Kind::exited) {
        const auto body = read_body<ExitBody>(message.body);
        return Exited{{body.code, body.signal, body.oom != 0, body.started_at, body.finished_at}};
    }
    return std::nullopt;
}

Client::Message Client::answer(Kind expected) {
    for (;;) {
        Message message = *receive(true);
        const std::uint64_t serial = message.header.serial;
        const Kind kind = message.header.kind;
        if (kind == Kind::failed && (serial == serial_ || serial == 0)) throw_failed(message.body);
        if (kind == expected && (serial == serial_ || expected == Kind::created)) return message;
        if (kind == Kind::given && serial == serial_) return message;
        if (auto event = unasked(std::move(message))) events_.push_back(std::move(*event));
    }
}

StateBody Client::wait_created(os::Fd* beside) {
    Message message = answer(Kind::created);
    if (beside && !message.fds.empty()) *beside = std::move(message.fds.front());
    return read_body<StateBody>(message.body);
}

void Client::start() {
    send(Kind::start, {});
    answer(Kind::done);
}

StateBody Client::state() {
    send(Kind::ask_state, {});
    return read_body<StateBody>(answer(Kind::state).body);
}

void Client::signal(int number, bool all) {
    send(Kind::signal, bytes_of(SignalBody{number, all ? 1 : 0}));
    answer(Kind::done);
}

StateBody Client::subscribe(Role role) {
    send(Kind::subscribe, bytes_of(SubscribeBody{role == Role::supervisor ? 1 : 0}));
    return read_body<StateBody>(answer(Kind::state).body);
}

void Client::acknowledge() {
    send(Kind::acknowledge, {});
    answer(Kind::done);
}

void Client::attach(std::int32_t streams) {
    send(Kind::attach, bytes_of(AttachBody{streams}));
    answer(Kind::done);
}

void Client::input(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, 16 * 1024);
        send(Kind::input, part);
        bytes.remove_prefix(part.size());
    }
}

void Client::input_end() { send(Kind::input_end, {}); }

void Client::resize(std::uint16_t rows, std::uint16_t columns) {
    send(Kind::resize, bytes_of(ResizeBody{rows, columns}));
    answer(Kind::done);
}

void Client::keep(std::string_view name, const std::vector<int>& fds) {
    send(Kind::keep, name, fds);
    answer(Kind::done);
}

std::vector<Kept> Client::take(std::string_view name) {
    send(Kind::take, name);
    std::vector<Kept> out;
    for (;;) {
        Message message = answer(Kind::done);
        if (message.header.kind == Kind::done) return out;
        out.push_back({std::move(message.body), std::move(message.fds)});
    }
}

void Client::forget(std::string_view name) {
    send(Kind::forget, name);
    answer(Kind::done);
}

void Client::supervise(const std::vector<std::string>& argv, std::string_view lock_path) {
    std::string words;
    for (const std::string& word : argv) words.append(word).push_back('\0');
    const SuperviseBody sizes{static_cast<std::uint32_t>(lock_path.size()), static_cast<std::uint32_t>(words.size())};
    send(Kind::supervise, cat(bytes_of(sizes), lock_path, words));
    answer(Kind::done);
}

std::optional<Event> Client::next_now() {
    for (;;) {
        if (!events_.empty()) {
            Event event = std::move(events_.front());
            events_.pop_front();
            return event;
        }
        try {
            auto message = receive(false);
            if (!message) return std::nullopt;
            if (auto event = unasked(std::move(*message))) return event;
        } catch (const Failed&) {  // the end of the conversation is an event, not a failure
            return Closed{};
        }
    }
}

std::optional<Event> Client::next(const os::Cancel& cancel, os::Until until) {
    for (;;) {
        if (auto event = next_now()) return event;
        if (os::wait(fd_, POLLIN, cancel, until) == os::Ready::timed_out) return std::nullopt;
    }
}

}  // namespace tutti::embedded::shim
