#include "verbs/stdio.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "os/terminal.h"

namespace tutti::verbs {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

// Finds the detach keys in what is typed; what only began like them is sent on.
class DetachKeys {
  public:
    explicit DetachKeys(std::string keys) : keys_(std::move(keys)) {}
    // True: they were pressed. `out` gets what is to be sent.
    bool take(std::string_view typed, std::string& out) {
        for (const char c : typed) {
            if (!keys_.empty() && c == keys_[matched_]) {
                if (++matched_ == keys_.size()) return true;
                continue;
            }
            out.append(keys_, 0, matched_);
            matched_ = !keys_.empty() && c == keys_[0] ? 1 : 0;
            if (matched_ == 0) out.push_back(c);
        }
        return false;
    }

  private:
    std::string keys_;
    std::size_t matched_ = 0;
};

void pump_stdin(engine::Attached& attached, int in, DetachKeys keys, std::atomic<bool>& detached,
                const os::Cancel& cancel) {
    const os::Fd input(::dup(in));
    std::array<char, 32768> buffer{};
    while (true) {
        os::wait(input, POLLIN, cancel);
        const ssize_t count = ::read(input.get(), buffer.data(), buffer.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        try {
            if (count <= 0) return attached.close_stdin();
            std::string out;
            if (keys.take({buffer.data(), static_cast<std::size_t>(count)}, out)) {
                detached = true;
                return attached.detach();
            }
            if (!out.empty()) attached.send(out);
        } catch (const Error&) {  // the process has ended meanwhile: its output says so
            return;
        }
    }
}

}  // namespace

std::string parse_detach_keys(std::string_view text) {
    std::string keys;
    for (const std::string_view key : base::split(text, ',')) {
        if (key.size() == 1) {
            keys.push_back(key[0]);
        } else if (key.size() == 6 && key.starts_with("ctrl-")) {
            const char c = key[5];
            if (c >= 'a' && c <= 'z')
                keys.push_back(static_cast<char>(c - 'a' + 1));
            else if (c == '@')
                keys.push_back('\0');
            else if (c >= '[' && c <= '_')
                keys.push_back(static_cast<char>(c - '[' + 27));
            else
                throw Error(ErrorKind::invalid, cat("invalid detach keys: ", text), "for example ctrl-p,ctrl-q");
        } else {
            throw Error(ErrorKind::invalid, cat("invalid detach keys: ", text), "for example ctrl-p,ctrl-q");
        }
    }
    return keys;
}

Joined join(engine::Attached& attached, const Stdio& stdio, const JoinOptions& options, os::Scope& scope) {
    std::optional<os::RawMode> raw;
    if (options.tty && options.stdin_ && stdio.in_is_terminal) raw.emplace(stdio.in);
    const auto resize = [&] {
        const os::TerminalSize size = os::terminal_size(stdio.terminal);
        if (!options.tty || size.rows == 0) return;
        try {
            attached.resize(size.rows, size.columns);
        } catch (const Error&) {  // not started yet, or over: the size then no longer matters
        }
    };
    std::atomic<bool> detached = false;
    os::Scope inputs = scope.child();
    if (options.stdin_) {
        DetachKeys keys(options.tty ? parse_detach_keys(options.detach_keys) : std::string());
        inputs.spawn([&, keys] { pump_stdin(attached, stdio.in, keys, detached, inputs.cancel()); });
    }
    if (stdio.signals)
        inputs.spawn([&] {
            while (const auto signal = stdio.signals->pop()) {
                if (*signal == SIGWINCH)
                    resize();
                else if (options.forward)
                    options.forward(*signal);
            }
        });
    resize();
    std::exception_ptr failure;
    try {
        attached.receive(
            [&](engine::StreamKind stream, std::string_view bytes) {
                (stream == engine::StreamKind::stderr_ ? stdio.err : stdio.out)(bytes);
            },
            scope.cancel());
    } catch (...) { failure = std::current_exception(); }
    if (stdio.signals) stdio.signals->close();
    inputs.cancel_and_join();
    if (failure) std::rethrow_exception(failure);
    return detached ? Joined::detached : Joined::ended;
}

}  // namespace tutti::verbs
