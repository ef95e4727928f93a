#include "verbs/why.h"

#include <sys/stat.h>

#include <algorithm>

#include "advice/causes.h"
#include "advice/ports.h"
#include "advice/why.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "os/file.h"
#include "plan/graph.h"
#include "state/from_labels.h"
#include "state/labels.h"
#include "verbs/words.h"

namespace tutti::verbs {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using engine::ContainerState;
using engine::Health;

// Lines below one another, the first behind its title: "  state     Up 2 minutes".
class Screen {
  public:
    explicit Screen(std::string heading) : text_(std::move(heading) + "\n") {}
    void add(std::string_view title, std::string_view lines) {
        for (const std::string_view line : base::split(base::trim(lines), '\n')) {
            const bool first = !title.empty();
            text_ += cat("  ", title, std::string(first ? width - std::min(title.size(), width - 1) : width, ' '), line,
                         "\n");
            title = {};
        }
    }
    const std::string& text() const { return text_; }

  private:
    static constexpr std::size_t width = 10;
    std::string text_;
};

std::string ago(engine::Time then, engine::Time now) {
    return cat(base::to_lower(human_duration(std::chrono::duration_cast<std::chrono::seconds>(now - then))), " ago");
}

bool is_over(const engine::Container& container) {
    return container.state == ContainerState::exited || container.state == ContainerState::dead;
}

std::string binary(std::int64_t bytes) {
    if (bytes >= 1 << 30 && bytes % (1 << 30) == 0) return cat(bytes >> 30, " GiB");
    if (bytes >= 1 << 20) return cat(bytes >> 20, " MiB");
    return cat(bytes, " bytes");
}

std::string state_of(const engine::Container& container, engine::Time now) {
    std::string text;
    switch (container.state) {
        case ContainerState::created: text = cat("created ", ago(container.created, now), ", never started"); break;
        case ContainerState::running:
            text = cat("running, started ", ago(container.started, now));
            if (container.health != Health::none) text += cat(", ", to_text(container.health));
            break;
        case ContainerState::restarting:
        case ContainerState::exited:
        case ContainerState::dead:
            text = cat(to_text(container.state), " ", ago(container.finished, now), " with ",
                       advice::exit_in_words(container.exit_code));
            break;
        default: text = to_text(container.state); break;
    }
    if (container.oom_killed) {
        const std::int64_t limit = container.spec.resources.memory;
        text += cat("\nthe kernel ended it for lack of memory: ",
                    limit > 0 ? cat("its limit is ", binary(limit)) : std::string("it has no limit of its own"));
    }
    if (container.restart_count > 0) text += cat("\nrestarted ", container.restart_count, " times by its policy");
    if (!container.error.empty()) text += cat("\nlast start failed: ", container.error);
    return text;
}

// "11:02:01" of the last day, else "2026-01-02 11:02:01"; UTC, as logs have it.
std::string moment(engine::Time time, engine::Time now) {
    const std::string text = base::to_rfc3339(time);
    const std::string clock = text.substr(11, 8);
    return now - time < std::chrono::hours(24) ? clock : cat(text.substr(0, 10), " ", clock);
}

// The last steps of its life, oldest first, equal neighbours counted.
std::string history_of(engine::Engine& engine, const engine::Container& container, engine::Time now,
                       const os::Cancel& cancel) {
    constexpr std::size_t most = 8;
    std::vector<std::string> lines;
    engine::EventOptions options;
    options.since = container.created;
    options.until = now;
    const auto word = [](const engine::Event& event) -> std::string {
        const auto attribute = [&](const char* key) {
            const auto found = event.attributes.find(key);
            return found == event.attributes.end() ? std::string() : found->second;
        };
        if (event.action == "die") return cat("ended with ", attribute("exitCode"));
        if (event.action == "kill") return cat("was sent signal ", attribute("signal"));
        if (event.action == "oom") return "ran out of memory";
        if (event.action == "create") return "was created";
        if (event.action == "start") return "was started";
        if (event.action == "stop" || event.action == "restart" || event.action == "pause" ||
            event.action == "unpause" || event.action.starts_with("health_status"))
            return event.action;
        return {};
    };
    try {
        engine.system().events(
            options,
            [&](const engine::Event& event) {
                if (event.type != "container" || event.id != container.id) return;
                if (const std::string what = word(event); !what.empty())
                    lines.push_back(cat(moment(event.time, now), " ", what));
            },
            cancel);
    } catch (const Error&) {  // an engine that keeps none
        return {};
    }
    const std::size_t left_out = lines.size() > most ? lines.size() - most : 0;
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(left_out));
    if (left_out > 0) lines.insert(lines.begin(), cat("… ", left_out, " earlier"));
    return base::join(lines, "\n");
}

std::string health_of(const engine::Container& container, engine::Time now) {
    if (container.probes.empty()) return {};
    const engine::ProbeResult& probe = container.probes.back();
    std::string text = cat("last probe ", ago(probe.end, now),
                           probe.exit_code < 0 ? std::string(" timed out") : cat(" exited with ", probe.exit_code));
    if (container.failing_streak > 1) text += cat(", ", container.failing_streak, " failures in a row");
    if (const auto output = base::trim(probe.output); !output.empty()) text += cat(": ", output);
    return text;
}

// One dependency that does not let it start; empty: it does.
std::string obstacle(const std::string& name, const model::Dependency& dependency, const state::ProjectState& state,
                     engine::Engine& engine) {
    const auto containers = state.of_service(name);
    if (containers.empty()) return cat(name, ", which has no container");
    for (const state::Container* one : containers) {
        const engine::ContainerSummary& summary = one->summary;
        const bool over = summary.state == ContainerState::exited || summary.state == ContainerState::dead;
        const std::string who = cat(name, " (", one->short_name(), ")");
        if (dependency.condition == "service_completed_successfully") {
            if (!over) return cat(who, " to complete: it is ", to_text(summary.state));
            if (summary.exit_code != 0)
                return cat(who, " to complete: it ended with ", advice::exit_in_words(summary.exit_code));
            continue;
        }
        if (!one->running())
            return cat(who, ", which is ", to_text(summary.state),
                       over ? cat(": it ended with ", advice::exit_in_words(summary.exit_code)) : std::string());
        if (dependency.condition == "service_healthy" && summary.health != Health::healthy) {
            if (summary.health == Health::none) return cat(who, " to be healthy, but it has no health check");
            const engine::Container whole = engine.containers().inspect(one->id());
            std::string text = cat(who, " to be healthy: it is ", to_text(summary.health));
            if (!whole.probes.empty() && !base::trim(whole.probes.back().output).empty())
                text += cat("; its last probe said: ", base::split(base::trim(whole.probes.back().output), '\n')[0]);
            return text;
        }
    }
    return {};
}

std::string obstacles(const model::Service& service, const state::ProjectState& state, engine::Engine& engine) {
    std::vector<std::string> lines;
    for (const auto& [name, dependency] : service.depends_on)
        if (std::string one = obstacle(name, dependency, state, engine); !one.empty())
            lines.push_back(dependency.required ? std::move(one) : cat(one, " (optional)"));
    return base::join(lines, "\n");
}

// Files and folders below a mounted path that changed after a moment; a few of many.
class ChangedFiles {
  public:
    explicit ChangedFiles(engine::Time since)
        : since_(std::chrono::duration_cast<std::chrono::nanoseconds>(since.time_since_epoch()).count()) {}

    void look(const std::string& path, int depth = 0) {
        struct stat info {};
        if (++seen_ > most_seen || depth > most_depth || ::lstat(path.c_str(), &info) != 0) return;
        if (S_ISREG(info.st_mode) && info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec > since_)
            found_.push_back(path);
        if (S_ISDIR(info.st_mode))
            for (const std::string& name : os::list_folder(path)) look(cat(path, "/", name), depth + 1);
    }
    std::string text() const {
        if (found_.empty()) return {};
        std::vector<std::string> some(found_.begin(), found_.begin() + std::min<std::ptrdiff_t>(3, std::ssize(found_)));
        const std::size_t more = found_.size() - some.size();
        return cat(base::join(some, ", "), more ? cat(" and ", more, " more") : std::string());
    }

  private:
    static constexpr int most_seen = 2000, most_depth = 6;
    std::int64_t since_;
    int seen_ = 0;
    std::vector<std::string> found_;
};

// What `up` would change about it now, and what has changed around it since its last start.
std::string changes(const model::Project* project, const std::string& service, const state::Container& container,
                    const engine::Container& whole, engine::Engine& engine, const WhyOptions& options) {
    std::vector<std::string> lines;
    if (project && project->services.count(service)) {
        try {
            const model::Project alone = plan::select(*project, {service}, plan::Along::nothing);
            plan::ReconcileOptions reconcile = options.reconcile;
            reconcile.start = false;
            reconcile.skip_providers = true;
            reconcile.inspect = [&](const std::string& id) { return std::optional(engine.containers().inspect(id)); };
            const plan::Plan plan = plan::reconcile(alone, state::observe(engine, alone), reconcile);
            for (const plan::Entry& entry : plan.steps)
                if (entry.group == container.name() && std::holds_alternative<plan::CreateContainer>(entry.step))
                    lines.push_back(cat(entry.cause, ": `up` replaces it"));
        } catch (const Error& error) { lines.push_back(cat("`up` would fail: ", error.message())); }
    }
    if (options.host_is_here && whole.started != engine::Time{})
        for (const engine::MountPoint& mount : whole.mounts) {
            if (mount.type != "bind") continue;
            ChangedFiles files(whole.started);
            files.look(mount.source);
            if (const std::string text = files.text(); !text.empty())
                lines.push_back(cat("changed after its last start: ", text, " (seen as ", mount.destination, ")"));
        }
    return base::join(lines, "\n");
}

std::string log_of(engine::Engine& engine, const std::string& id, std::int64_t count, const os::Cancel& cancel) {
    std::string text;
    try {
        engine::LogOptions options;
        options.tail = count;
        engine.containers().logs(
            id, options, [&](const engine::LogLine& line) { text += cat(line.text, "\n"); }, cancel);
    } catch (const Error&) {  // a log driver that cannot be read
        return "cannot be read";
    }
    return text.empty() ? std::string("it has written nothing") : text;
}

std::string next_step(const std::string& service, const engine::Container& container, bool waits, bool changed) {
    if (container.state == ContainerState::paused) return cat("`unpause ", service, "` lets it go on");
    if (waits) return "mend what it waits for; `up` then goes on";
    if (changed) return cat("`up -d ", service, "` applies what has changed");
    if (container.oom_killed) return "raise mem_limit (or deploy.resources.limits.memory), then `up -d`";
    if (container.health == Health::unhealthy)
        return cat("run the probe by hand: `exec ", service, " …`, or look at `logs ", service, "`");
    if (container.state == ContainerState::created) return cat("`start ", service, "` starts it");
    if (is_over(container) && container.exit_code != 0)
        return cat("`run --rm ", service, " sh` starts a shell in its place; `logs ", service, "` has the whole log");
    if (is_over(container)) return cat("`start ", service, "` starts it again");
    return {};
}

std::string of_container(const state::Container& container, const model::Project* project,
                         const model::Service& service, const state::ProjectState& state, engine::Engine& engine,
                         const WhyOptions& options, const os::Cancel& cancel) {
    const engine::Container whole = engine.containers().inspect(container.id());
    Screen screen(cat(container.short_name(), "  (", whole.name, ", image ", whole.image, ")"));
    screen.add("state", state_of(whole, options.now));
    if (const auto text = history_of(engine, whole, options.now, cancel); !text.empty()) screen.add("history", text);
    if (const auto text = health_of(whole, options.now); !text.empty()) screen.add("health", text);
    const bool runs = container.running();
    const std::string waits = runs ? std::string() : obstacles(service, state, engine);
    if (!waits.empty()) screen.add("waits for", waits);
    const std::string changed = changes(project, service.name, container, whole, engine, options);
    if (!changed.empty()) screen.add("changed", changed);
    const std::string log = log_of(engine, whole.id, options.log_lines, cancel);
    screen.add("log", log);
    if (const auto likely = advice::causes(whole, log); !likely.empty()) screen.add("likely", base::join(likely, "\n"));
    if (const auto text = next_step(service.name, whole, !waits.empty(), !changed.empty()); !text.empty())
        screen.add("next", text);
    return screen.text();
}

std::string held_ports(const model::Project& project, const std::string& service, const state::ProjectState& state,
                       engine::Engine& engine, bool host_sockets) {
    std::string text;
    for (const advice::PortClash& clash : advice::port_clashes(project, state, engine, host_sockets))
        if (clash.service == service)
            text += cat(advice::to_text(clash), clash.fix.empty() ? std::string() : cat("; ", clash.fix), "\n");
    return text;
}

std::string without_container(const model::Project& project, const model::Service& service,
                              const state::ProjectState& state, engine::Engine& engine, const WhyOptions& options) {
    Screen screen(service.name);
    const bool disabled = project.disabled_services.count(service.name) != 0;
    if (service.provider)
        screen.add("state", cat("no container: it is made by the provider ", service.provider->type));
    else if (service.replicas() == 0)
        screen.add("state", "no container: its scale is 0");
    else
        screen.add("state", "no container: it was never created, or was removed");
    if (disabled && !service.profiles.empty())
        screen.add("profiles", cat("not enabled; one of: ", base::join(service.profiles, ", ")));
    if (const std::string text = obstacles(service, state, engine); !text.empty()) screen.add("waits for", text);
    model::Project with = project;
    with.services[service.name] = service;
    if (const auto text = held_ports(with, service.name, state, engine, options.host_is_here); !text.empty())
        screen.add("ports", text);
    screen.add("next", cat("`up -d ", service.name, "` creates and starts it"));
    return screen.text();
}

}  // namespace

std::string why(const std::string& project_name, const model::Project* project, const std::string& name,
                engine::Engine& engine, const WhyOptions& options, const os::Cancel& cancel) {
    const state::ProjectState state = state::observe(engine, project_name);
    const model::Project whole = project ? *project : state::project_from_labels(state);
    const auto enabled = whole.services.find(name), disabled = whole.disabled_services.find(name);
    const auto containers = state.of_service(name);
    model::Service service;
    service.name = name;
    if (enabled != whole.services.end())
        service = enabled->second;
    else if (disabled != whole.disabled_services.end())
        service = disabled->second;
    else if (containers.empty())
        throw Error(ErrorKind::not_found, cat("no such service: ", name));
    std::string text;
    for (const state::Container* container : containers)
        text +=
            cat(text.empty() ? "" : "\n", of_container(*container, project, service, state, engine, options, cancel));
    const bool some_run =
        std::any_of(containers.begin(), containers.end(), [](const auto* one) { return one->running(); });
    if (!containers.empty() && !some_run && enabled != whole.services.end())
        if (const auto held = held_ports(whole, name, state, engine, options.host_is_here); !held.empty()) {
            Screen screen("");
            screen.add("ports", held);
            text += screen.text().substr(1);
        }
    return containers.empty() ? without_container(whole, service, state, engine, options) : text;
}

}  // namespace tutti::verbs
