// Structured concurrency: Cancel (a flag that wakes poll), Scope (owns threads, joins at its end, first error cancels
// the rest), wait (the one place that blocks), Queue and Locked. No detached thread anywhere, no lock held across a
// call that waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "os/fd.h"

namespace tutti::os {

using Clock = std::chrono::steady_clock;
using Until = std::optional<Clock::time_point>;  // nothing: for ever

// Shared by all who work for one purpose; once cancelled it stays so. Cancelling a parent cancels its children.
class Cancel {
  public:
    Cancel();
    Cancel child() const;
    void cancel() const;  // safe from any thread
    bool cancelled() const;
    void check() const;  // throws Cancelled
    int fd() const;      // readable once cancelled; to be polled along
  private:
    struct State;
    explicit Cancel(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

enum class Ready { yes, timed_out };
// Blocks until `fd` has one of `events` (POLLIN, POLLOUT; POLLHUP and POLLERR count), `until` passes, or `cancel`
// (throws Cancelled).
Ready wait(const Fd& fd, short events, const Cancel& cancel, Until until = std::nullopt);

class Scope {
  public:
    Scope() = default;
    explicit Scope(const Cancel& parent) : cancel_(parent.child()) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();  // cancels and joins what join() has not

    Scope child() const { return Scope(cancel_); }
    const Cancel& cancel() const { return cancel_; }
    void spawn(std::function<void()> work);  // the first error of a thread cancels the others
    void join();                             // waits for all; throws the first error
    void cancel_and_join();                  // the same after cancel(); Cancelled is not rethrown
    void sleep(Clock::duration time);        // throws Cancelled

  private:
    Cancel cancel_;
    std::mutex mutex_;
    std::vector<std::thread> threads_;
    std::exception_ptr first_error_;
};

// Runs work(0) … work(count-1) on at most `width` threads (0: one each, capped at 64); throws the first error after all
// have ended.
void parallel(Scope& scope, std::size_t count, std::size_t width, const std::function<void(std::size_t)>& work);

// Data that is reached only under its lock: locked.with([](auto& data) { … }).
template <class T>
class Locked {
  public:
    template <class... Args>
    explicit Locked(Args&&... args) : data_(std::forward<Args>(args)...) {}
    template <class Use>
    decltype(auto) with(Use&& use) {
        const std::lock_guard lock(mutex_);
        return std::forward<Use>(use)(data_);
    }
    template <class Use>
    decltype(auto) with(Use&& use) const {
        const std::lock_guard lock(mutex_);
        return std::forward<Use>(use)(data_);
    }

  private:
    mutable std::mutex mutex_;
    T data_;
};

// Values between threads. pop() blocks; nothing comes after close().
template <class T>
class Queue {
  public:
    void push(T value) {
        {
            const std::lock_guard lock(mutex_);
            values_.push_back(std::move(value));
        }
        ready_.notify_one();
    }
    void close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        ready_.notify_all();
    }
    std::optional<T> pop() {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [&] { return closed_ || !values_.empty(); });
        if (values_.empty()) return std::nullopt;
        T value = std::move(values_.front());
        values_.pop_front();
        return value;
    }

  private:
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<T> values_;
    bool closed_ = false;
};

}  // namespace tutti::os
