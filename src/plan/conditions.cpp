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

bool Conditions::holds(const WaitFor& what, int& exit_code) {
    for (const std::string& name : what.containers) {
        const engine::Container container = engine_.containers().inspect(name);
        if (what.condition == Condition::completed) {
            if (!is_over(container)) continue;
            exit_code = container.exit_code;  // the first that is over decides
            return true;
        }
        if (!is_healthy(container, what.condition == Condition::running_or_healthy)) return false;
    }
    return what.condition != Condition::completed;
}

Conditions::Outcome Conditions::wait(const WaitFor& what, os::Until until) {
    Outcome outcome;
    if (holds(what, outcome.exit_code)) return outcome;
    subscribe();
    std::unique_lock lock(mutex_);
    while (true) {
        if (failure_) std::rethrow_exception(failure_);
        const std::uint64_t seen = heard_;
        lock.unlock();
        if (holds(what, outcome.exit_code)) return outcome;
        lock.lock();
        const auto changed = [&] { return heard_ != seen || failure_; };
        if (!until) {
            news_.wait(lock, changed);
        } else if (!news_.wait_until(lock, *until, changed)) {
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
