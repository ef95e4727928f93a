#include "os/watch.h"

#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/text.h"

namespace tutti::os {

static constexpr long tick_nanoseconds = 100'000'000;

Watch::Watch() : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!fd_) tick();
}

void Watch::tick() {
    ticking_ = true;
    fd_ = Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec every{{0, tick_nanoseconds}, {0, tick_nanoseconds}};
    if (!fd_ || ::timerfd_settime(fd_.get(), 0, &every, nullptr) != 0) base::throw_errno("watching files");
}

void Watch::add(const std::string& path, std::uint32_t mask) {
    if (ticking_ || ::inotify_add_watch(fd_.get(), path.c_str(), mask) >= 0) return;
    if (errno != ENOSPC && errno != ENOMEM) base::throw_errno(base::cat("watching ", path));
    tick();
}

bool Watch::read(std::vector<std::string>& names) {
    alignas(inotify_event) std::array<char, 16384> buffer;
    bool complete = !ticking_;
    for (ssize_t n; (n = ::read(fd_.get(), buffer.data(), buffer.size())) > 0;)
        for (ssize_t at = 0; !ticking_ && at < n;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            at += static_cast<ssize_t>(sizeof *event + event->len);
            complete = complete && (event->mask & IN_Q_OVERFLOW) == 0;
            if (event->len > 0) names.emplace_back(event->name);
        }
    return complete;
}

void Watch::drain() {
    std::vector<std::string> names;
    read(names);
}

}  // namespace tutti::os
