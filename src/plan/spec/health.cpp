// Health check and restart policy.
#include "base/error.h"
#include "base/text.h"
#include "plan/spec/spec.h"

namespace tutti::plan::spec {
namespace {

engine::RestartPolicy::Kind kind_of(std::string_view condition) {
    using Kind = engine::RestartPolicy::Kind;
    if (condition == "on-failure") return Kind::on_failure;
    if (condition == "unless-stopped") return Kind::unless_stopped;
    if (condition == "any" || condition == "always") return Kind::always;
    if (condition.empty() || condition == "none" || condition == "no") return Kind::no;
    throw base::Error(base::ErrorKind::invalid, base::cat("invalid restart policy: ", condition),
                      "one of no, always, on-failure[:N], unless-stopped");
}

}  // namespace

engine::RestartPolicy restart_policy(const model::Service& service) {
    if (service.deploy && service.deploy->restart_policy) {
        const model::RestartPolicy& policy = *service.deploy->restart_policy;
        return {kind_of(policy.condition), static_cast<int>(policy.max_attempts.value_or(0))};
    }
    const auto colon = service.restart.find(':');
    engine::RestartPolicy policy{kind_of(std::string_view(service.restart).substr(0, colon)), 0};
    if (colon != std::string::npos)
        policy.max_retries =
            static_cast<int>(base::to_int(std::string_view(service.restart).substr(colon + 1)).value_or(0));
    return policy;
}

void add_health(const model::Service& service, engine::ContainerSpec& spec) {
    if (!service.healthcheck) return;
    const model::Healthcheck& check = *service.healthcheck;
    if (check.start_interval && !check.start_period)
        throw base::Error(base::ErrorKind::invalid,
                          "healthcheck.start_interval requires healthcheck.start_period to be set");
    engine::HealthCheck to;
    to.test = check.disable ? std::vector<std::string>{"NONE"} : check.test;
    to.interval = check.interval.value_or(engine::Nanoseconds{});
    to.timeout = check.timeout.value_or(engine::Nanoseconds{});
    to.start_period = check.start_period.value_or(engine::Nanoseconds{});
    to.start_interval = check.start_interval.value_or(engine::Nanoseconds{});
    to.retries = static_cast<int>(check.retries.value_or(0));
    spec.health_check = std::move(to);
}

}  // namespace tutti::plan::spec
