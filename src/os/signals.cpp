#include "os/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "base/error.h"

namespace tutti::os {

Signals::Signals(std::initializer_list<int> which) : handler_(std::make_shared<Locked<Handler>>()) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : which) sigaddset(&set, signal);
    if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) base::throw_errno("blocking signals");
    fd_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) base::throw_errno("making a signalfd");
    scope_.spawn([this, handler = handler_] {
        while (true) {
            wait(fd_, POLLIN, scope_.cancel());
            signalfd_siginfo info{};
            if (::read(fd_.get(), &info, sizeof info) != sizeof info) continue;
            const Handler current = handler->with([](const Handler& one) { return one; });
            if (current) current(static_cast<int>(info.ssi_signo));
        }
    });
}

Signals::~Signals() {
    try {
        scope_.cancel_and_join();
    } catch (const base::Error&) {  // poll failed: nothing is left to be told
    }
}

Signals::Handler Signals::set_handler(Handler handler) {
    return handler_->with([&](Handler& current) { return std::exchange(current, std::move(handler)); });
}

}  // namespace tutti::os
