// `init: true`: the first process of a container that reaps orphans and passes signals on to the one real child.
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "embedded/shim/box/modes.h"
#include "embedded/shim/box/sys.h"

namespace tutti::embedded::shim::box {

static int say(const char* what, const char* name, int code) {
    Path text;
    text.add("docker-init: ").add(what).add(' ').add(name).add(": ").add(strerror(errno)).add('\n');
    write_all(2, text.text(), text.size());
    return code;
}

int run_init(int argc, char** argv) {
    int first = strcmp(argv[1] ? argv[1] : "", "init") == 0 ? 2 : 1;
    if (first < argc && strcmp(argv[first], "--") == 0) ++first;
    if (first >= argc) return 125;
    sigset_t all, before;
    sigfillset(&all);
    for (const int signal : {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, signal);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t child = ::fork();
    if (child < 0) return say("starting", argv[first], 125);
    if (child == 0) {
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        if (::setpgid(0, 0) == 0) {
            ::signal(SIGTTOU, SIG_IGN);
            ::tcsetpgrp(0, ::getpid());
            ::signal(SIGTTOU, SIG_DFL);
        }
        ::execvp(argv[first], argv + first);
        ::_exit(say("executing", argv[first], errno == ENOENT ? 127 : 126));
    }
    const int signals = ::signalfd(-1, &all, SFD_CLOEXEC);
    for (;;) {
        signalfd_siginfo info{};
        if (signals < 0 || ::read(signals, &info, sizeof info) != sizeof info) continue;
        if (info.ssi_signo != SIGCHLD) {
            ::kill(child, static_cast<int>(info.ssi_signo));
            continue;
        }
        int status = 0, ours = -1;
        for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == child && (WIFEXITED(status) || WIFSIGNALED(status))) ours = status;
        if (ours != -1) return WIFSIGNALED(ours) ? 128 + WTERMSIG(ours) : WEXITSTATUS(ours);
    }
}

}  // namespace tutti::embedded::shim::box
