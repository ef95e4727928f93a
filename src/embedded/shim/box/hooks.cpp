#include "embedded/shim/box/hooks.h"

#include <poll.h>
#include <sys/wait.h>

#include "embedded/shim/box/child.h"
#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

namespace {

constexpr unsigned most_words = 256;
const char* words[2][most_words + 1];

void fill(const View& view, Array<Text> texts, const char** table, const char* path) {
    unsigned count = 0;
    for (const Text text : view.all(texts)) {
        if (count == most_words) fail("a hook has more than 256 arguments or variables", path, 0);
        table[count++] = view.text(text);
    }
    table[count] = nullptr;
}

// The state with its status and pid filled in.
bool write_state(int fd, const char* state, const char* status, pid_t pid) {
    return write_marked(fd, state, [&](char mark) {
        Line<32> value;
        if (mark == 'S')
            value.add(status);
        else
            value.number(static_cast<uint64_t>(pid));
        return write_all(fd, value.text(), value.size());
    });
}

[[noreturn]] void become_hook(const View& view, const HookStep& hook, int input, const char* folder) {
    reset_signals();
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(input, 0);
    sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    if (folder && ::chdir(folder) != 0) ::_exit(127);
    fill(view, hook.args, words[0], view.text(hook.path));
    if (!words[0][0]) words[0][0] = view.text(hook.path), words[0][1] = nullptr;
    fill(view, hook.env, words[1], view.text(hook.path));
    const char* const* environment = hook.env.count > 0 ? words[1] : environ;  // none given: that of our caller
    ::execve(view.text(hook.path), const_cast<char* const*>(words[0]), const_cast<char* const*>(environment));
    ::_exit(127);
}

void run_one(const View& view, const HookStep& hook, const char* status, pid_t pid, const char* folder) {
    const char* path = view.text(hook.path);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("running the hook", path);
    const pid_t child = checked(::fork(), "running the hook", path);
    if (child == 0) {
        on_failure(nullptr);
        become_hook(view, hook, ends[0], folder);
    }
    ::close(ends[0]);
    write_state(ends[1], view.text(view.plan().hook_state), status, pid ? pid : ::getpid());
    ::close(ends[1]);
    const int pidfd = checked(sys_pidfd_open(child), "running the hook", path);
    pollfd waiting{pidfd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, hook.timeout ? static_cast<int>(hook.timeout) * 1000 : -1);
    if (ready == 0) ::kill(child, SIGKILL);
    int result = 0;
    ::waitpid(child, &result, 0);
    ::close(pidfd);
    if (ready == 0) fail("the hook did not end in time", path, ETIMEDOUT);
    if (!WIFEXITED(result) || WEXITSTATUS(result) != 0) {
        Path text;
        text.add(path).add(WIFEXITED(result) ? " (exit code " : " (signal ");
        text.integer(WIFEXITED(result) ? WEXITSTATUS(result) : WTERMSIG(result)).add(')');
        fail("the hook failed", text.text(), 0);
    }
}

}  // namespace

void run_hooks(const View& view, Array<HookStep> hooks, const char* status, pid_t pid, Where where) {
    const char* bundle = view.text(view.plan().bundle);
    for (const HookStep& hook : view.all(hooks))
        run_one(view, hook, status, pid, where == Where::bundle && *bundle ? bundle : nullptr);
}

}  // namespace tutti::embedded::shim::box
