#include "os/scope.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>

#include "base/error.h"

namespace tutti::os {

using base::Cancelled;
using base::throw_errno;

struct Cancel::State {
    Fd event;
    std::atomic<bool> cancelled{false};
    std::mutex mutex;
    std::vector<std::weak_ptr<State>> children;

    State() : event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (!event) throw_errno("making an eventfd");
    }
    void cancel() {
        if (cancelled.exchange(true)) return;
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto n = ::write(event.get(), &one, sizeof one);
        std::vector<std::weak_ptr<State>> all;
        {
            const std::lock_guard lock(mutex);
            all.swap(children);
        }
        for (const auto& weak : all)
            if (const auto child = weak.lock()) child->cancel();
    }
};

Cancel::Cancel() : state_(std::make_shared<State>()) {}

Cancel Cancel::child() const {
    auto state = std::make_shared<State>();
    {
        const std::lock_guard lock(state_->mutex);
        std::erase_if(state_->children, [](const auto& weak) { return weak.expired(); });
        state_->children.push_back(state);
    }
    if (cancelled()) state->cancel();
    return Cancel(std::move(state));
}

void Cancel::cancel() const { state_->cancel(); }
bool Cancel::cancelled() const { return state_->cancelled.load(); }
void Cancel::check() const {
    if (cancelled()) throw Cancelled();
}
int Cancel::fd() const { return state_->event.get(); }

static int poll_timeout(Until until) {
    if (!until) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
}

Ready wait(const Fd& fd, short events, const Cancel& cancel, Until until) {
    for (;;) {
        pollfd fds[2] = {{fd.get(), events, 0}, {cancel.fd(), POLLIN, 0}};
        const int n = ::poll(fds, 2, poll_timeout(until));
        if (n < 0 && errno != EINTR) throw_errno("waiting");
        cancel.check();
        if (n > 0 && fds[0].revents != 0) return Ready::yes;
        if (until && Clock::now() >= *until) return Ready::timed_out;
    }
}

Scope::~Scope() {
    cancel_.cancel();
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

void Scope::spawn(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this, work = std::move(work)] {
        try {
            work();
        } catch (...) {
            {
                const std::lock_guard guard(mutex_);
                if (!first_error_) first_error_ = std::current_exception();
            }
            cancel_.cancel();
        }
    });
}

void Scope::join() {
    for (;;) {
        std::vector<std::thread> batch;
        {
            const std::lock_guard lock(mutex_);
            batch.swap(threads_);
        }
        if (batch.empty()) break;
        for (auto& thread : batch) thread.join();
    }
    const std::lock_guard lock(mutex_);
    if (first_error_) std::rethrow_exception(std::exchange(first_error_, nullptr));
}

void Scope::cancel_and_join() {
    cancel_.cancel();
    try {
        join();
    } catch (const Cancelled&) {  // what was asked for
    }
}

void Scope::sleep(Clock::duration time) { wait(Fd(), 0, cancel_, Clock::now() + time); }

void parallel(Scope& scope, std::size_t count, std::size_t width, const std::function<void(std::size_t)>& work) {
    if (count == 0) return;
    const std::size_t threads = std::min(count, width == 0 ? std::size_t{64} : width);
    if (threads == 1) {
        for (std::size_t i = 0; i < count; ++i) {
            scope.cancel().check();
            work(i);
        }
        return;
    }
    std::atomic<std::size_t> next{0};
    Scope workers = scope.child();
    for (std::size_t t = 0; t < threads; ++t) {
        workers.spawn([&] {
            for (std::size_t i = next++; i < count; i = next++) {
                workers.cancel().check();
                work(i);
            }
        });
    }
    workers.join();
}

}  // namespace tutti::os
