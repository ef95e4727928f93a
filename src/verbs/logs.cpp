#include "verbs/logs.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "state/labels.h"
#include "verbs/containers.h"
#include "verbs/merge.h"

namespace tutti::verbs {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

constexpr auto restart_gap = std::chrono::seconds(1);  // between the end and the start of a `restart`, at most

class Follower {
  public:
    Follower(engine::Engine& engine, const LogsOptions& options, base::Reporter& reporter, LogFace& face,
             os::Scope& scope)
        : engine_(engine), options_(options), reporter_(reporter), face_(face), scope_(scope) {}

    // Blocks. A log driver that cannot be read is said, and is no failure.
    void read(const state::Container& container, engine::Time since, std::int64_t tail,
              const std::function<void(const engine::LogLine&)>& sink) {
        engine::LogOptions wish;
        wish.follow = options_.follow;
        wish.since = since;
        wish.until = options_.until;
        wish.tail = tail;
        try {
            engine_.containers().logs(container.id(), wish, sink, scope_.cancel());
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::unsupported)
                reporter_.warn(cat("Can't retrieve logs for \"", container.name(), "\": ", error.message()));
            else if (error.kind() != ErrorKind::not_found)
                throw;
        }
    }

    void show(const std::string& source, const engine::LogLine& line) {
        if (options_.grep.empty() || line.text.find(options_.grep) != std::string::npos)
            face_.line(source, engine::StreamKind::stdout_, line.time, line.text);
    }

    bool may_write(const std::string& id) {
        try {
            const auto state = engine_.containers().inspect(id).state;
            return state != engine::ContainerState::exited && state != engine::ContainerState::dead;
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::not_found) throw;
            return false;
        }
    }

    void merged(const std::vector<state::Container>& containers) {
        Merge merge(containers.size());
        os::Scope reading = scope_.child();
        for (std::size_t i = 0; i < containers.size(); ++i)
            reading.spawn([&, i] {
                try {
                    read(containers[i], options_.since, options_.tail,
                         [&](const engine::LogLine& line) { merge.add(i, line); });
                } catch (...) {
                    merge.stop();
                    throw;
                }
                merge.end(i);
            });
        merge.drain(
            [&](std::size_t source, const engine::LogLine& line) { show(containers[source].short_name(), line); });
        reading.join();
    }

    void followed(const std::vector<state::Container>& containers, const std::string& project,
                  const std::vector<std::string>& services) {
        os::Scope reading = scope_.child();
        std::mutex mutex;
        std::set<std::string> alive;  // who may still write
        const auto follow = [&](const state::Container& container, engine::Time since, std::int64_t tail) {
            reading.spawn([this, container, since, tail] {
                const std::string source = container.short_name();
                read(container, since, tail, [&](const engine::LogLine& line) { show(source, line); });
            });
        };
        os::Scope listening = scope_.child();
        const auto end_unless_restarted = [&] {
            listening.sleep(restart_gap);
            const std::lock_guard lock(mutex);
            if (alive.empty()) listening.cancel().cancel();
        };
        os::Queue<int> ready;
        listening.spawn([&] {
            engine::EventOptions options;
            options.labels = {cat(state::label::project, "=", project), cat(state::label::one_off, "=False")};
            options.ready = [&] { ready.push(1); };
            engine_.system().events(
                options,
                [&](const engine::Event& event) {
                    if (event.type != "container") return;
                    const auto service = event.attributes.find(std::string(state::label::service));
                    if (service == event.attributes.end()) return;
                    if (!services.empty() &&
                        std::find(services.begin(), services.end(), service->second) == services.end())
                        return;
                    if (event.action == "start") {
                        {
                            const std::lock_guard lock(mutex);
                            alive.insert(event.id);
                        }
                        engine::ContainerSummary summary = engine_.containers().inspect(event.id);
                        const engine::Time since = summary.started;
                        follow(state::read(std::move(summary)), since, -1);
                    } else if (event.action == "die") {
                        const std::lock_guard lock(mutex);
                        if (!may_write(event.id)) alive.erase(event.id);
                        if (alive.empty()) listening.spawn(end_unless_restarted);
                    }
                },
                listening.cancel());
        });
        ready.pop();
        {
            const std::lock_guard lock(mutex);
            for (const state::Container& container : containers) {
                if (may_write(container.id())) alive.insert(container.id());
                follow(container, options_.since, options_.tail);
            }
            if (alive.empty()) listening.cancel().cancel();
        }
        try {
            listening.join();
        } catch (const base::Cancelled&) { scope_.cancel().check(); }
        reading.join();
    }

  private:
    engine::Engine& engine_;
    const LogsOptions& options_;
    base::Reporter& reporter_;
    LogFace& face_;
    os::Scope& scope_;
};

}  // namespace

void logs(const Target& target, engine::Engine& engine, const LogsOptions& options, base::Reporter& reporter,
          LogFace& face, os::Scope& scope) {
    std::vector<std::string> services = target.services;
    if (target.project) {
        check_services(*target.project, services);
        if (services.empty())
            for (const auto& [name, service] : target.project->services)
                if (service.attach.value_or(true)) services.push_back(name);
    }
    std::vector<state::Container> containers;
    if (options.index > 0) {
        containers.push_back(find_container(engine, target.name, services.at(0), options.index, Which::service, true));
    } else {
        for (state::Container& container : state::list_containers(engine, target.name, true))
            if (!container.one_off &&
                (services.empty() || std::find(services.begin(), services.end(), container.service) != services.end()))
                containers.push_back(std::move(container));
    }
    Follower follower(engine, options, reporter, face, scope);
    if (options.follow)
        follower.followed(containers, target.name, services);
    else
        follower.merged(containers);
}

}  // namespace tutti::verbs
