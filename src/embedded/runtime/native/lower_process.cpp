#include "embedded/runtime/native/lower_process.h"

#include <linux/ioprio.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/oci_config.h"

namespace tutti::embedded::runtime::native {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

template <class Value, std::size_t N>
Value look_up(const std::pair<std::string_view, Value> (&table)[N], std::string_view name, std::string_view what) {
    for (const auto& [key, value] : table)
        if (key == name) return value;
    throw Error(ErrorKind::invalid, cat("unknown ", what, " \"", name, "\""));
}

std::uint64_t bits(const std::vector<std::string>& names) {
    std::uint64_t out = 0;
    for (const std::string& name : names) {
        const int number = capability_number(name);
        if (number < 0) throw Error(ErrorKind::invalid, cat("unknown capability \"", name, "\""));
        out |= std::uint64_t{1} << number;
    }
    return out;
}

void capabilities(shim::ProcessStep& step, const Process& process) {
    if (!process.capabilities) return;
    step.bounding = bits(process.capabilities->bounding);
    step.effective = bits(process.capabilities->effective);
    step.permitted = bits(process.capabilities->permitted);
    step.inheritable = bits(process.capabilities->inheritable);
    step.ambient = bits(process.capabilities->ambient);
}

shim::Array<shim::LimitStep> limits(PlanBuilder& plan, const std::vector<Rlimit>& limits) {
    static constexpr std::pair<std::string_view, int> names[] = {
        {"RLIMIT_CPU", RLIMIT_CPU},           {"RLIMIT_FSIZE", RLIMIT_FSIZE},
        {"RLIMIT_DATA", RLIMIT_DATA},         {"RLIMIT_STACK", RLIMIT_STACK},
        {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_RSS", RLIMIT_RSS},
        {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
        {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},   {"RLIMIT_AS", RLIMIT_AS},
        {"RLIMIT_LOCKS", RLIMIT_LOCKS},       {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
        {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
        {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},     {"RLIMIT_RTTIME", RLIMIT_RTTIME}};
    std::vector<shim::LimitStep> steps;
    for (const Rlimit& limit : limits) {
        const auto resource = static_cast<std::uint32_t>(look_up(names, limit.type, "rlimit"));
        if (limit.soft > limit.hard)
            throw Error(ErrorKind::invalid, cat("rlimit ", limit.type, ": soft is above hard"));
        for (const shim::LimitStep& other : steps)
            if (other.resource == resource)
                throw Error(ErrorKind::invalid, cat("rlimit ", limit.type, " is listed twice"));
        steps.push_back({resource, 0, limit.soft, limit.hard});
    }
    return plan.array(steps);
}

void scheduling(shim::ProcessStep& step, const Process& process) {
    static constexpr std::pair<std::string_view, int> policies[] = {
        {"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},      {"SCHED_BATCH", 3},
        {"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6}};
    static constexpr std::pair<std::string_view, int> flags[] = {
        {"SCHED_FLAG_RESET_ON_FORK", 1},  {"SCHED_FLAG_RECLAIM", 2},      {"SCHED_FLAG_DL_OVERRUN", 4},
        {"SCHED_FLAG_KEEP_POLICY", 8},    {"SCHED_FLAG_KEEP_PARAMS", 16}, {"SCHED_FLAG_UTIL_CLAMP_MIN", 32},
        {"SCHED_FLAG_UTIL_CLAMP_MAX", 64}};
    if (const auto& scheduler = process.scheduler) {
        step.has_scheduler = 1;
        step.policy = static_cast<std::uint32_t>(look_up(policies, scheduler->policy, "scheduler policy"));
        for (const std::string& flag : scheduler->flags)
            step.scheduler_flags |= static_cast<std::uint32_t>(look_up(flags, flag, "scheduler flag"));
        step.nice = static_cast<std::int32_t>(scheduler->nice.value_or(0));
        step.priority = static_cast<std::uint32_t>(scheduler->priority.value_or(0));
        step.runtime = scheduler->runtime.value_or(0);
        step.deadline = scheduler->deadline.value_or(0);
        step.period = scheduler->period.value_or(0);
    }
    static constexpr std::pair<std::string_view, std::uint32_t> classes[] = {
        {"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}};
    if (process.io_priority)
        step.io_priority = look_up(classes, process.io_priority->io_class, "I/O priority class") << IOPRIO_CLASS_SHIFT |
                           static_cast<std::uint32_t>(process.io_priority->priority & 7);
}

}  // namespace

shim::ProcessStep lower_process(PlanBuilder& plan, const Process& process, const std::optional<NamedUser>& user,
                                std::string_view filter, std::uint32_t filter_flags) {
    shim::ProcessStep step;
    if (process.args.empty()) throw Error(ErrorKind::invalid, "the process has no args");
    if (!process.cwd.starts_with('/'))
        throw Error(ErrorKind::invalid, cat("the working directory \"", process.cwd, "\" is not absolute"));
    for (const std::string& variable : process.env)
        if (variable.find('=') == std::string::npos || variable.starts_with('='))
            throw Error(ErrorKind::invalid,
                        cat("environment variable \"", variable, "\" is not of the form NAME=VALUE"));
    const auto holds_zero = [](const std::string& text) { return text.find('\0') != std::string::npos; };
    if (std::ranges::any_of(process.args, holds_zero) || std::ranges::any_of(process.env, holds_zero) ||
        holds_zero(process.cwd))
        throw Error(ErrorKind::invalid, "a zero byte in the arguments, the environment or the working directory");
    step.args = plan.texts(process.args);
    step.env = plan.texts(process.env);
    step.cwd = plan.text(process.cwd);
    step.terminal = process.terminal ? 1 : 0;
    step.uid = process.user.uid;
    step.gid = process.user.gid;
    step.groups = plan.array(process.user.additional_gids);
    if (process.user.umask) step.umask = *process.user.umask;
    if (user) {
        step.user = plan.text_even_if_empty(user->text);
        step.user_groups = plan.texts(user->groups);
    }
    capabilities(step, process);
    step.no_new_privileges = process.no_new_privileges ? 1 : 0;
    if (process.oom_score_adj) {
        step.has_oom_score = 1;
        step.oom_score = static_cast<std::int32_t>(*process.oom_score_adj);
    }
    step.limits = limits(plan, process.rlimits);
    step.apparmor = plan.text(process.apparmor_profile);
    step.selinux = plan.text(process.selinux_label);
    scheduling(step, process);
    step.seccomp.program = plan.blob(filter);
    step.seccomp.instructions = static_cast<std::uint32_t>(filter.size() / 8);
    step.seccomp.flags = filter_flags;
    return step;
}

}  // namespace tutti::embedded::runtime::native
