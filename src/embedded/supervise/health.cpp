#include "embedded/supervise/health.h"

namespace tutti::embedded::supervise {

using namespace std::chrono_literals;
using engine::Health;

static constexpr std::size_t kept_probes = 5, kept_output = 4096;

static std::chrono::nanoseconds or_default(std::chrono::nanoseconds value, std::chrono::nanoseconds fallback) {
    return value == 0ns ? fallback : value;
}

HealthWatch::HealthWatch(const engine::HealthCheck& check, Point started)
    : interval_(or_default(check.interval, 30s)),
      timeout_(or_default(check.timeout, 30s)),
      start_period_(check.start_period),
      start_interval_(or_default(check.start_interval, 5s)),
      retries_(check.retries == 0 ? 3 : check.retries),
      started_(started) {
    next_ = started_ + interval(started_);
}

void HealthWatch::resume(Health status, int failing_streak, std::vector<engine::ProbeResult> probes) {
    status_ = status;
    failing_streak_ = failing_streak;
    probes_ = std::move(probes);
}

std::chrono::nanoseconds HealthWatch::interval(Point now) const {
    const bool young = now - started_ < start_period_ && status_ == Health::starting;
    return young ? start_interval_ : interval_;
}

void HealthWatch::probe_started(Point now) {
    probe_start_ = now;
    next_.reset();
}

bool HealthWatch::probe_ended(Point now, engine::ProbeResult result) {
    const Health before = status_;
    if (result.exit_code == 0) {
        failing_streak_ = 0;
        status_ = Health::healthy;
    } else {
        const bool forgiven = status_ == Health::starting && probe_start_ - started_ < start_period_;
        if (!forgiven && ++failing_streak_ >= retries_) status_ = Health::unhealthy;
    }
    probes_.push_back(std::move(result));
    if (probes_.size() > kept_probes) probes_.erase(probes_.begin());
    next_ = now + interval(now);
    return status_ != before;
}

void HealthWatch::pause() { next_.reset(); }
void HealthWatch::unpause(Point now) { next_ = now + interval(now); }

bool is_wanted(const std::optional<engine::HealthCheck>& check) {
    return check && !check->test.empty() && check->test.front() != "NONE";
}

std::vector<std::string> probe_command(const engine::HealthCheck& check, const std::vector<std::string>& shell) {
    if (check.test.empty()) return {};
    const std::vector<std::string> rest(check.test.begin() + 1, check.test.end());
    if (check.test.front() == "CMD") return rest;
    std::vector<std::string> command = shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : shell;
    // CMD-SHELL, and a bare list as old files have it.
    const auto& line = check.test.front() == "CMD-SHELL" ? rest : check.test;
    command.insert(command.end(), line.begin(), line.end());
    return command;
}

std::string cut_output(std::string output) {
    if (output.size() <= kept_output) return output;
    output.resize(kept_output);
    return output + "...";
}

}  // namespace tutti::embedded::supervise
