#include "embedded/supervise/member.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "embedded/supervise/restart.h"

namespace tutti::embedded::supervise {

using base::cat;
using base::Error;
using namespace std::chrono_literals;

// Somebody holds the container's lock, or its end is not written down yet: soon, then ever less often.
static constexpr auto first_patience = 20ms, last_patience = 1000ms;
static constexpr int most_failures = 20;

Member::~Member() { let_go(); }

bool Member::examine(Point now) {
    look_again_.reset();
    auto state = folder_.state();
    if (!state) {
        let_go();
        restart_due_.reset();
        return false;
    }
    const bool another_run = state->run != state_.run;
    state_ = std::move(*state);
    if (living_ && another_run) let_go();
    switch (state_.phase) {
        case records::Phase::running:
            restart_due_.reset();
            if (!living_ && !adopt(now)) run_ended(now);
            break;
        case records::Phase::ended:
            let_go();
            run_ended(now);
            break;
        default: let_go();
    }
    if (living_ && state_.paused != paused_) {
        paused_ = state_.paused;
        probe_.reset();
        if (health_) paused_ ? health_->pause() : health_->unpause(now);
    }
    if (living_ && !another_run) {  // it may have been put on or taken off a network
        std::vector<std::string> networks;
        for (const auto& endpoint : state_.endpoints)
            if (const auto network = house_.tools.networks().find(endpoint.network_id))
                networks.push_back(network->names_folder);
        house_.dns.set_networks(folder_.id(), std::move(networks));
    }
    return is_needed();
}

// False: that run has ended.
bool Member::adopt(Point now) {
    const auto evidence = records::look(folder_, state_);
    if (evidence.exit || (!evidence.shim_alive && !evidence.process_alive)) return false;
    config_ = folder_.config();
    try {
        shim_ = shim::Client::connect(folder_.run_path());
        take_sockets();
        shim_->subscribe(shim::Role::supervisor);
    } catch (const Error& error) {
        shim_.reset();
        if (!records::process_alive(state_.pid, state_.pid_started)) return false;
        process_ = os::Fd(static_cast<int>(::syscall(SYS_pidfd_open, state_.pid, 0)));
        if (!process_) return false;
    }
    living_ = true;
    failures_ = 0;
    patience_ = first_patience;
    paused_ = state_.paused;
    watch_health(now);
    return true;
}

void Member::take_sockets() {
    for (auto& kept : shim_->take()) {
        if (kept.name == dns_sockets && kept.fds.size() == 2) {
            resolve_names(std::move(kept.fds[0]), std::move(kept.fds[1]));
        } else if (const auto port = parse_port_name(kept.name); port && kept.fds.size() == 1) {
            house_.relay.add(folder_.id(), {.port = *port, .socket = std::move(kept.fds[0])});
        }
    }
}

void Member::let_go() {
    if (!living_) return;
    living_ = paused_ = false;
    house_.dns.remove(folder_.id());
    house_.relay.remove(folder_.id());
    probe_.reset();
    health_.reset();
    shim_.reset();
    process_.reset();
}

// --- health

void Member::watch_health(Point now) {
    if (!is_wanted(config_.spec.health_check)) return;
    const auto age = std::max<std::chrono::nanoseconds>(std::chrono::system_clock::now() - state_.started, 0ns);
    health_.emplace(*config_.spec.health_check, now - age);
    const auto before = folder_.health();
    if (before && before->run == state_.run) {
        health_->resume(before->status, before->failing_streak, before->probes);
        health_->unpause(now);
    } else {
        save_health();
    }
    if (paused_) health_->pause();
}

void Member::save_health() const {
    records::HealthRecord record;
    record.run = state_.run;
    record.status = health_->status();
    record.failing_streak = health_->failing_streak();
    record.probes = health_->probes();
    folder_.save(record);
}

void Member::serve_health(Point now) {
    if (!probe_ && health_->next() && now >= *health_->next()) {
        health_->probe_started(now);
        auto& runtime = house_.tools.runtime(config_.spec.runtime);
        probe_ = std::make_unique<Probe>(runtime, folder_, config_, now + health_->timeout());
    }
    if (!probe_) return;
    if (probe_->output_fd() >= 0) probe_->read_output();
    auto result = probe_->result(now);
    if (!result) return;
    probe_.reset();
    const bool changed = health_->probe_ended(now, std::move(*result));
    save_health();  // before the event, so that who is woken by it sees it
    if (changed)
        records::tell(*house_.tools.events, state_, folder_.id(),
                      cat("health_status: ", engine::to_text(health_->status())));
}

// --- the end and the next beginning

void Member::run_ended(Point now) {
    if (state_.phase == records::Phase::running) {
        const auto lock = folder_.try_lock();
        if (lock) settle(folder_, state_, house_.tools);
        if (state_.phase == records::Phase::running) return look_again(now);
        if (state_.phase != records::Phase::ended) return;
    }
    patience_ = first_patience;
    let_go();
    const auto known = folder_.restart();
    restart_ = known.value_or(records::RestartRecord{});
    if (restart_.run == state_.run && !restart_.waiting) return;  // dealt with
    config_ = folder_.config();
    if (state_.stop_wanted || state_.removing) {
        restart_due_.reset();
        return;
    }
    if (restart_.run == state_.run) {  // another supervisor had decided; the wait goes on
        const auto left = restart_.due - std::chrono::system_clock::now();
        restart_due_ = now + std::clamp<std::chrono::nanoseconds>(left, 0ns, std::chrono::nanoseconds(restart_.delay));
        return;
    }
    decide_restart(now, state_.finished - state_.started, state_.exit_code, state_.automatic);
    if (!restart_.waiting && config_.spec.auto_remove) restarting_ = house_.spawn({"auto-remove", folder_.id()});
}

void Member::look_again(Point now) {
    look_again_ = now + patience_;
    patience_ = std::min<std::chrono::nanoseconds>(patience_ * 2, last_patience);
}

bool Member::failed(Point now) {
    if (++failures_ > most_failures) return false;
    look_again(now);
    return true;
}

void Member::decide_restart(Point now, std::chrono::nanoseconds ran_for, int exit_code, bool automatic) {
    if (!automatic) restart_ = {};
    const auto delay = restart_after(config_.spec.restart, {.exit_code = exit_code, .ran_for = ran_for}, restart_.count,
                                     std::chrono::nanoseconds(restart_.delay));
    restart_.run = state_.run;
    restart_.waiting = delay.has_value();
    restart_due_.reset();
    if (delay) {
        ++restart_.count;
        restart_.delay = delay->count();
        restart_.due = std::chrono::system_clock::now() + *delay;
        restart_due_ = now + *delay;
    }
    if (state_.restarts || delay) folder_.save(restart_);
}

void Member::restart_now(Point now) {
    restart_due_.reset();
    const auto state = folder_.state();
    if (!state || state->phase != records::Phase::ended || state->run != restart_.run || state->stop_wanted) return;
    restarting_ = house_.spawn({"restart", folder_.id(), std::to_string(restart_.run)});
    static_cast<void>(now);
}

void Member::restart_finished(Point now) {
    restarting_.reset();
    if (!examine(now) && state_.phase == records::Phase::ended && restart_.waiting && restart_.run == state_.run &&
        !state_.stop_wanted)
        decide_restart(now, 0ns, state_.exit_code == 0 ? 1 : state_.exit_code, true);  // the start itself failed
}

// --- the loop's side

void Member::add_fds(std::vector<int>& fds) const {
    for (const int fd : {shim_ ? shim_->fd() : -1, process_.get(), probe_ ? probe_->output_fd() : -1,
                         probe_ ? probe_->ended_fd() : -1, restarting_.get()})
        if (fd >= 0) fds.push_back(fd);
}

os::Until Member::next() const {
    os::Until first;
    const auto consider = [&](const os::Until& point) {
        if (point && (!first || *point < *first)) first = point;
    };
    if (health_) consider(health_->next());
    if (probe_) consider(probe_->deadline());
    consider(restart_due_);
    consider(look_again_);
    return first;
}

static bool is_readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&one, 1, 0) > 0;
}

void Member::serve(Point now) {
    bool ended = is_readable(process_.get());
    if (shim_)
        while (const auto event = shim_->next_now())
            if (!std::holds_alternative<shim::Output>(*event)) {
                ended = true;
                break;
            }
    if (ended) {
        let_go();
        examine(now);
    }
    if (living_ && health_) serve_health(now);
    if (look_again_ && now >= *look_again_) examine(now);
    if (is_readable(restarting_.get())) restart_finished(now);
    if (restart_due_ && now >= *restart_due_) restart_now(now);
}

}  // namespace tutti::embedded::supervise
