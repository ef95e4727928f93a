#include "embedded/shim/box/fail.h"

#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

static FailureHandler handler_of_failures = nullptr;

void on_failure(FailureHandler handler) { handler_of_failures = handler; }

void fail_with(const Failure& failure) {
    if (handler_of_failures) handler_of_failures(failure);
    ::_exit(failure.exit_code);
}

void fail(const char* step, const char* path, int error, int exit_code) {
    Line<sizeof(Failure::text)> text;
    text.add(step);
    if (path && *path) text.add(": ").add(path);
    Failure failure{error, exit_code, {}};
    memcpy(failure.text, text.text(), text.size() + 1);
    fail_with(failure);
}

}  // namespace tutti::embedded::shim::box
