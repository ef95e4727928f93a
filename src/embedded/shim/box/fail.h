// How a step of the shim ends badly: which step, which path, which errno, which exit code. Nobody returns from fail().
// Before the box runs its first process, every failure is fatal for this box; what to undo is known to the handler.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

namespace tutti::embedded::shim::box {

struct Failure {
    int32_t error;
    int32_t exit_code;
    char text[480];  // "step: path"
};

using FailureHandler = void (*)(const Failure&);
void on_failure(FailureHandler handler);  // tells whoever waits, undoes, leaves; set anew after each fork

// error 0: the text says all.
[[noreturn]] void fail(const char* step, const char* path, int error = errno, int exit_code = 125);
[[noreturn]] void fail_with(const Failure& failure);

inline int checked(long result, const char* step, const char* path) {
    if (result < 0) fail(step, path);
    return static_cast<int>(result);
}

}  // namespace tutti::embedded::shim::box
