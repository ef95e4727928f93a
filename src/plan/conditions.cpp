#include "plan/conditions.h"

#include "base/error.h"
#include "base/text.h"
#include "state/labels.h"

namespace tutti::plan {

using base::cat;
using base::Error;
using base::ErrorKind;
using engine::ContainerState;
using engine::Health;

namespace {

bool has_check(const engine::Container& container) {
    const auto& check = container.spec.health_check;
    const bool none = check && !check->test.empty() && check->test.front() == "NONE";
    return container.health != Health::none || (check && !check->test.empty() && !none);
}

bool is_over(const engine::Container& container) {
    return container.state == ContainerState::exited || container.state == ContainerState::dead;
}

// What runs without a health check counts once it has run for a moment: a process that cannot start mostly ends in it.
constexpr auto settling = std::chrono::milliseconds(250);

bool has_settled(const engine::Container& container, std::map<std::string, os::Clock::time_point>& seen,
                 os::Until& again) {
    if (std::chrono::system_clock::now() - container.started >= settling) return true;
    const auto now = os::Clock::now();
    const auto until = seen.try_emplace(container.id, now).first->second + settling;
    if (now >= until) return true;
    again = again ? std::min(*again, until) : until;
    return false;
}

// False: not yet. Throws: never.
bool is_healthy(const engine::Container& container, bool running_is_enough) {
    if (is_over(container))
        throw Error(ErrorKind::unavailable, cat("container ", container.name, " exited (", container.exit_code, ")"));
    if (!has_check(container)) {
        if (running_is_enough) return container.state == ContainerState::running;
        throw Error(ErrorKind::invalid, cat("container ", container.name, " has no healthcheck configured"),
                    "give the service a healthcheck, or depend on it with condition: service_started");
    }
    if (container.health == Health::unhealthy && container.state == ContainerState::running)
        throw Error(ErrorKind::unavailable, cat("container ", container.name, " is unhealthy"));
    return container.health == Health::healthy && container.state == ContainerState::running;
}

}  // namespace

Conditions::Conditions(engine::Engine& engine, std::string project, const os::Cancel& cancel)
    : engine_(engine), project_(std::move(project)), listening_(cancel) {}

Conditions::~Conditions() {
    try {
        listening_.cancel_and_join();
    } catch (...) {  // whoever waited has seen it
    }
}

bool Conditions::holds(const WaitFor& what, int& exit_code, Seen& seen, os::Until& again) {
    again.reset();
    for (const std::string& name : what.containers) {
        const engine::Container container = engine_.containers().inspect(name);
        if (what.condition == Condition::completed) {
            if (!is_over(container)) continue;
            exit_code = container.exit_code;  // the first that is over decides
            return true;
        }
        const bool running_is_enough = what.condition == Condition::running_or_healthy;
        if (!is_healthy(container, running_is_enough)) return false;
        if (running_is_enough && !has_check(container) && !has_settled(container, seen, again)) return false;
    }
    return what.condition != Condition::completed;
}

Conditions::Outcome Conditions::wait(const WaitFor& what, os::Until until) {
    Outcome outcome;
    Seen running;
    os::Until again;
    if (holds(what, outcome.exit_code, running, again)) return outcome;
    subscribe();
    std::unique_lock lock(mutex_);
    while (true) {
        if (failure_) std::rethrow_exception(failure_);
        const std::uint64_t seen = heard_;
        lock.unlock();
        if (holds(what, outcome.exit_code, running, again)) return outcome;
        lock.lock();
        const auto changed = [&] { return heard_ != seen || failure_; };
        const os::Until sooner = until && again ? std::min(*until, *again) : until ? until : again;
        if (!sooner) {
            news_.wait(lock, changed);
        } else if (!news_.wait_until(lock, *sooner, changed) && sooner == until) {
            outcome.held = false;
            return outcome;
        }
    }
}

void Conditions::subscribe() {
    std::unique_lock lock(mutex_);
    if (!subscribed_) {
        subscribed_ = true;
        listening_.spawn([this] {
            engine::EventOptions options;
            options.labels = {cat(state::label::project, "=", project_)};
            const auto wake = [this] {
                const std::lock_guard guard(mutex_);
                ready_ = true;
                ++heard_;
                news_.notify_all();
            };
            options.ready = wake;
            try {
                engine_.system().events(
                    options,
                    [&](const engine::Event& event) {
                        if (event.type == "container") wake();
                    },
                    listening_.cancel());
                throw Error(ErrorKind::unavailable, "the engine's events ended");
            } catch (...) {
                const std::lock_guard guard(mutex_);
                failure_ = std::current_exception();
                news_.notify_all();
            }
        });
    }
    news_.wait(lock, [&] { return ready_ || failure_; });
}

}  // namespace tutti::plan
