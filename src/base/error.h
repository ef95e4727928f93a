// A failed operation: kind, message, hint and the context added on the way up.
// Thrown by every room; caught where a failure ends (main, the API server, the plan runner, the supervisor loop).
// Not for what a person wrote in a file: that is collected in doc::Diagnostics.
#pragma once

#include <cerrno>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tutti::base {

enum class ErrorKind { invalid, not_found, conflict, denied, unavailable, unsupported, timeout, internal };

std::string_view to_text(ErrorKind kind);

class Error : public std::exception {
  public:
    Error(ErrorKind kind, std::string message, std::string hint = {}, int errno_value = 0);

    ErrorKind kind() const { return kind_; }
    const std::string& message() const { return message_; }               // without context
    const std::string& hint() const { return hint_; }                     // the next step for the user; may be empty
    int errno_value() const { return errno_; }                            // 0 where no system call failed
    const std::vector<std::string>& context() const { return context_; }  // innermost first

    // "starting web-1: mounting /data: no such file or directory"
    const char* what() const noexcept override { return what_.c_str(); }

    Error& add_context(std::string line);
    Error& set_hint(std::string hint);

  private:
    ErrorKind kind_;
    std::string message_, hint_, what_;
    std::vector<std::string> context_;
    int errno_;
};

// Somebody asked for the work to end. Not an Error, so no handler of errors swallows it.
class Cancelled : public std::exception {
  public:
    const char* what() const noexcept override { return "cancelled"; }
};

// Throws an Error whose kind follows from errno: ENOENT not_found, EACCES/EPERM denied, EEXIST conflict, …
// `what` names the step and the thing: "opening /etc/passwd".
[[noreturn]] void throw_errno(std::string what, int errno_value = errno);

// Runs `work`; an Error that escapes it gets `line` as context.
template <class Work>
decltype(auto) in_context(std::string_view line, Work&& work) {
    try {
        return std::forward<Work>(work)();
    } catch (Error& error) {
        error.add_context(std::string(line));
        throw;
    }
}

}  // namespace tutti::base
