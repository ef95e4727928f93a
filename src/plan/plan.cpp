#include "plan/plan.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace tutti::plan {
namespace {

using base::cat;

template <class... Cases>
struct Overload : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overload(Cases...) -> Overload<Cases...>;

std::string_view word(Condition condition) {
    switch (condition) {
        case Condition::running_or_healthy: return "wait until running or healthy";
        case Condition::healthy: return "wait until healthy";
        case Condition::completed: return "wait until completed";
    }
    return "wait";
}

}  // namespace

StepId Plan::add(Step step, std::string cause, std::vector<StepId> after, std::string group) {
    std::sort(after.begin(), after.end());
    after.erase(std::unique(after.begin(), after.end()), after.end());
    steps.push_back({std::move(step), std::move(cause), std::move(after), std::move(group)});
    return steps.size() - 1;
}

std::string name_of(const Step& step) {
    return std::visit(Overload{
                          [](const PullImage& s) { return cat("Image ", s.reference); },
                          [](const CreateNetwork& s) { return cat("Network ", s.spec.name); },
                          [](const RemoveNetwork& s) { return cat("Network ", s.name); },
                          [](const ConnectNetwork& s) { return cat("Container ", s.container); },
                          [](const DisconnectNetwork& s) { return cat("Container ", s.container); },
                          [](const CreateVolume& s) { return cat("Volume ", s.spec.name); },
                          [](const RemoveVolume& s) { return cat("Volume ", s.name); },
                          [](const CreateContainer& s) { return cat("Container ", s.spec.name); },
                          [](const StartContainer& s) { return cat("Container ", s.name); },
                          [](const StopContainer& s) { return cat("Container ", s.name); },
                          [](const RestartContainer& s) { return cat("Container ", s.name); },
                          [](const RemoveContainer& s) { return cat("Container ", s.name); },
                          [](const RemoveImage& s) { return cat("Image ", s.reference); },
                          [](const KillContainer& s) { return cat("Container ", s.name); },
                          [](const PauseContainer& s) { return cat("Container ", s.name); },
                          [](const RenameContainer& s) { return cat("Container ", s.to); },
                          [](const RunPreStart& s) { return cat("Hook ", s.service, " pre_start[", s.index, "]"); },
                          [](const WaitFor& s) { return cat("Service ", s.service); },
                          [](const RunProvider& s) { return cat("Provider ", s.service->name); },
                          [](const Milestone& s) { return s.text; },
                      },
                      step);
}

std::string action_of(const Step& step) {
    return std::visit(Overload{
                          [](const PullImage&) { return std::string("pull"); },
                          [](const CreateNetwork&) { return std::string("create"); },
                          [](const RemoveNetwork&) { return std::string("remove"); },
                          [](const ConnectNetwork& s) { return cat("connect to ", s.network); },
                          [](const DisconnectNetwork& s) { return cat("disconnect from ", s.network); },
                          [](const CreateVolume&) { return std::string("create"); },
                          [](const RemoveVolume&) { return std::string("remove"); },
                          [](const CreateContainer&) { return std::string("create"); },
                          [](const StartContainer& s) { return std::string(s.unpause ? "unpause" : "start"); },
                          [](const StopContainer&) { return std::string("stop"); },
                          [](const RestartContainer&) { return std::string("restart"); },
                          [](const RemoveContainer&) { return std::string("remove"); },
                          [](const RemoveImage&) { return std::string("remove"); },
                          [](const KillContainer& s) { return cat("kill ", s.signal); },
                          [](const PauseContainer& s) { return std::string(s.pause ? "pause" : "unpause"); },
                          [](const RenameContainer& s) { return cat("rename from ", s.from); },
                          [](const RunPreStart&) { return std::string("run"); },
                          [](const WaitFor& s) { return std::string(word(s.condition)); },
                          [](const RunProvider& s) { return s.action; },
                          [](const Milestone&) { return std::string("milestone"); },
                      },
                      step);
}

std::string to_text(const Plan& plan) {
    std::string text;
    for (StepId id = 0; id < plan.steps.size(); ++id) {
        const Entry& entry = plan.steps[id];
        std::vector<std::string> after;
        for (const StepId before : entry.after) after.push_back(std::to_string(before + 1));
        text +=
            cat("[", base::join(after, ","), "] -> #", id + 1, " ", name_of(entry.step), ", ", action_of(entry.step));
        if (!entry.cause.empty()) text += cat(", ", entry.cause);
        if (!entry.group.empty()) text += cat(" [recreate ", entry.group, "]");
        text += '\n';
    }
    return text;
}

std::string to_diff(const Plan& plan) {
    std::string text;
    std::set<std::string> recreated;
    const auto line = [&](char mark, const std::string& what, const std::string& cause) {
        text += cat("  ", mark, " ", what, cause.empty() ? "" : "  (", cause, cause.empty() ? "" : ")", "\n");
    };
    for (const Entry& entry : plan.steps) {
        if (!entry.group.empty()) {
            if (recreated.insert(entry.group).second) line('~', cat("Container ", entry.group), entry.cause);
            continue;
        }
        const std::string name = name_of(entry.step);
        if (std::holds_alternative<PullImage>(entry.step) || std::holds_alternative<CreateNetwork>(entry.step) ||
            std::holds_alternative<CreateVolume>(entry.step) || std::holds_alternative<CreateContainer>(entry.step))
            line('+', name, entry.cause);
        else if (std::holds_alternative<RemoveNetwork>(entry.step) ||
                 std::holds_alternative<RemoveVolume>(entry.step) ||
                 std::holds_alternative<RemoveContainer>(entry.step) || std::holds_alternative<RemoveImage>(entry.step))
            line('-', name, entry.cause);
        else if (std::holds_alternative<StartContainer>(entry.step) && entry.cause != "created")
            line('>', name, cat(action_of(entry.step), entry.cause.empty() ? "" : ": ", entry.cause));
        else if (std::holds_alternative<RunProvider>(entry.step))
            line('>', name, entry.cause);
    }
    return text.empty() ? std::string("Nothing to do: everything is as the files say.\n") : text;
}

}  // namespace tutti::plan
