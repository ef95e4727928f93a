#include "verbs/attached.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "plan/teardown.h"
#include "state/labels.h"
#include "verbs/lines.h"
#include "verbs/providers.h"

namespace tutti::verbs {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;
using OnExit = AttachOptions::OnExit;

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class Session {
  public:
    Session(const model::Project& project, engine::Engine& engine, const CreateOptions& create,
            const AttachOptions& options, base::Reporter& reporter, LogFace& face, os::Queue<int>& signals,
            os::Scope& scope)
        : project_(project),
          engine_(engine),
          create_(create),
          options_(options),
          reporter_(reporter),
          face_(face),
          signals_(signals),
          scope_(scope),
          watched_(options.named.empty() ? options.services : options.named) {}

    int run() {
        attach_all();
        os::Scope listening = scope_.child();
        listening.spawn([&] { listen(listening); });
        os::Scope obeying = scope_.child();
        obeying.spawn([&] {
            while (const auto signal = signals_.pop()) obey(*signal);
        });
        std::exception_ptr failure;
        try {
            wait_until_listening();
            start();
            if (options_.beside) beside_.spawn([&] { beside(); });
        } catch (const base::Cancelled&) {  // a signal came first; the rest is stopped below
        } catch (...) {
            if (!stopping_) failure = std::current_exception();
        }
        if (!failure) wait_for_end();
        beside_.cancel_and_join();
        listening.cancel_and_join();
        signals_.close();
        obeying.join();
        stoppers_.join();
        readers_.cancel_and_join();
        if (failure) std::rethrow_exception(failure);
        if (interrupted_) return 130;
        return exit_code_;
    }

  private:
    struct Watched {
        std::string name, service;
        bool reading = false;
    };

    bool is_watched(const std::string& service) const { return watched_.empty() || contains(watched_, service); }

    void attach_all() {
        std::vector<std::string> names;
        for (const state::Container& container : state::list_containers(engine_, project_.name, true)) {
            if (container.one_off || !project_.services.count(container.service)) continue;
            if (is_watched(container.service))
                alive_[container.id()] = {container.short_name(), container.service, false};
            if (!contains(options_.services, container.service)) continue;
            names.push_back(container.short_name());
            attach(container);
        }
        if (!names.empty()) face_.note(cat("Attaching to ", base::join(names, ", ")));
    }

    void attach(const state::Container& container) {
        std::shared_ptr<engine::Attached> streams =
            engine_.containers().attach(container.id(), {false, true, true, false});
        {
            const std::lock_guard lock(mutex_);
            reading_.insert(container.id());
            attached_.insert(container.id());
            if (container.running()) begun_.insert(container.id());
        }
        const std::string source = container.short_name();
        const std::string& id = container.id();
        readers_.spawn([this, streams, source, id] {
            Lines lines([&](engine::StreamKind stream, std::string_view text) {
                await_begin(id);
                face_.line(source, stream, std::chrono::system_clock::now(), text);
                ++lines_;
            });
            read(id, [&] {
                streams->receive([&](engine::StreamKind stream, std::string_view bytes) { lines.add(stream, bytes); },
                                 readers_.cancel());
            });
            lines.finish();
        });
    }

    // A container's first line comes after the news of its start: until then its engine may still call it created.
    void await_begin(const std::string& id) {
        constexpr auto patience = std::chrono::seconds(2);
        std::unique_lock lock(mutex_);
        if (begun_.count(id) != 0) return;
        news_.wait_for(lock, patience, [&] { return begun_.count(id) != 0 || over_ || stopping_; });
        begun_.insert(id);
    }

    // Output of a container that was started behind our back, or again.
    void follow(const std::string& id, const std::string& source) {
        {
            const std::lock_guard lock(mutex_);
            reading_.insert(id);
        }
        readers_.spawn([this, id, source] {
            read(id, [&] {
                engine::LogOptions options;
                options.follow = true;
                options.since = engine_.containers().inspect(id).started;
                engine_.containers().logs(
                    id, options,
                    [&](const engine::LogLine& line) { face_.line(source, line.stream, line.time, line.text); },
                    readers_.cancel());
            });
        });
    }

    // One container's trouble ends its own lines only.
    template <class Read>
    void read(const std::string& id, Read&& work) {
        try {
            work();
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::not_found) reporter_.warn(error.what());
        } catch (const base::Cancelled&) {}
        const std::lock_guard lock(mutex_);
        reading_.erase(id);
        news_.notify_all();
    }

    void listen(os::Scope& listening) {
        engine::EventOptions options;
        options.labels = {cat(state::label::project, "=", project_.name), cat(state::label::one_off, "=False")};
        options.ready = [this] {
            const std::lock_guard lock(mutex_);
            ready_ = true;
            news_.notify_all();
        };
        try {
            engine_.system().events(
                options, [this](const engine::Event& event) { on_event(event); }, listening.cancel());
        } catch (const base::Cancelled&) {
        } catch (...) {
            end_listening();
            throw;  // join() hands it on
        }
        end_listening();
    }

    void end_listening() {
        const std::lock_guard lock(mutex_);
        over_ = ready_ = true;
        news_.notify_all();
    }

    static std::string attribute(const engine::Event& event, std::string_view key) {
        const auto found = event.attributes.find(std::string(key));
        return found == event.attributes.end() ? std::string() : found->second;
    }

    void on_event(const engine::Event& event) {
        if (event.type != "container") return;
        const std::string service = attribute(event, state::label::service);
        if (!is_watched(service)) return;
        engine::ContainerSummary summary;
        summary.name = attribute(event, "name");
        summary.labels = event.attributes;
        const std::string source = state::read(summary).short_name();
        if (event.action == "create") on_create(event, source, service);
        if (event.action == "start") on_start(event, source, service);
        if (event.action == "die") on_die(event, source, service);
    }

    void on_create(const engine::Event& event, const std::string& source, const std::string& service) {
        if (const std::string replaced = attribute(event, state::label::replaces); !replaced.empty())
            face_.status(replaced, "has been recreated");
        const std::lock_guard lock(mutex_);
        alive_[event.id] = {source, service, false};
    }

    bool runs(const std::string& id) {
        try {
            const engine::ContainerState now = engine_.containers().inspect(id).state;
            return now == engine::ContainerState::restarting || now == engine::ContainerState::running;
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::not_found) throw;
            return false;
        }
    }

    bool has_ended(const std::string& id) {
        const std::lock_guard lock(mutex_);
        return ended_.count(id) != 0;
    }

    void on_start(const engine::Event& event, const std::string& source, const std::string& service) {
        // Docker may tell the start of a process that ends at once after its end.
        if (has_ended(event.id) && !runs(event.id)) return;
        bool fresh = false;
        {
            const std::lock_guard lock(mutex_);
            alive_[event.id] = {source, service, false};
            begun_.insert(event.id);
            news_.notify_all();
            fresh = !attached_.count(event.id) || restarting_.count(event.id);
            restarting_.erase(event.id);
        }
        if (fresh && contains(options_.services, service)) follow(event.id, source);
    }

    void on_die(const engine::Event& event, const std::string& source, const std::string& service) {
        const auto code = static_cast<int>(base::to_int(attribute(event, "exitCode")).value_or(0));
        {
            // Its last words come before the news of its end: as long as there are more of them.
            std::unique_lock lock(mutex_);
            begun_.insert(event.id);
            news_.notify_all();
            std::uint64_t before = 0;
            do before = lines_;
            while (!news_.wait_for(lock, std::chrono::seconds(1), [&] { return !reading_.count(event.id); }) &&
                   lines_ != before);
        }
        const bool again = runs(event.id);
        face_.status(source, cat("exited with code ", code, again ? " (restarting)" : ""));
        const bool failed = code != 0;
        bool abort = false;
        {
            const std::lock_guard lock(mutex_);
            if (again) {
                restarting_.insert(event.id);
            } else {
                alive_.erase(event.id);
                ended_.insert(event.id);
                abort = !aborted_ && !stopping_ &&
                        (options_.on_exit == OnExit::stop || (options_.on_exit == OnExit::stop_on_failure && failed));
                if (abort) {
                    aborted_ = true;
                    exit_code_ = code;
                }
                if (service == options_.exit_code_from && !code_taken_) {
                    code_taken_ = true;
                    exit_code_ = code;
                }
            }
            news_.notify_all();
        }
        if (abort) {
            reporter_.progress({"Compose", {}, State::working, "Stopping", "Aborting on container exit..."});
            stop();
        }
    }

    void start() {
        const state::ProjectState state = state::observe(engine_, project_);
        const plan::Plan plan = plan::start_plan(project_, state, create_.reconcile);
        run_plan(plan, project_, engine_, create_, reporter_, starting_);
    }

    void beside() {
        try {
            options_.beside(beside_);
        } catch (const Error& error) { reporter_.warn(error.what()); }
    }

    void obey(int signal) {
        bool first = false;
        if (signal == detach_signal) {
            const std::lock_guard lock(mutex_);
            over_ = true;
            return news_.notify_all();
        }
        beside_.cancel().cancel();
        {
            const std::lock_guard lock(mutex_);
            first = !interrupted_;
            interrupted_ = true;
        }
        if (first) {
            reporter_.progress(
                {"Compose", {}, State::working, "Stopping", "Gracefully Stopping... press Ctrl+C again to force"});
            starting_.cancel().cancel();
            stop();
        } else {
            kill();
        }
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            stopping_ = true;
        }
        stoppers_.spawn([this] {
            const state::ProjectState state = state::observe(engine_, project_.name);
            const plan::Plan plan = plan::stop_plan(project_, state, options_.named, options_.timeout);
            plan::run(plan, engine_, reporter_, stoppers_,
                      {project_.name,
                       create_.parallel,
                       {},
                       create_.hook_output,
                       provider_call(project_, reporter_, stoppers_.cancel())});
            const std::lock_guard lock(mutex_);
            stopped_ = true;
            news_.notify_all();
        });
    }

    void kill() {
        for (const state::Container& container : state::list_containers(engine_, project_.name, false)) {
            if (container.one_off || (!options_.named.empty() && !contains(options_.named, container.service)))
                continue;
            try {
                engine_.containers().kill(container.id(), "SIGKILL");
            } catch (const Error& error) {
                if (error.kind() != ErrorKind::conflict && error.kind() != ErrorKind::not_found) throw;
            }
        }
    }

    void wait_until_listening() {
        std::unique_lock lock(mutex_);
        news_.wait(lock, [&] { return ready_; });
    }

    void wait_for_end() {
        std::unique_lock lock(mutex_);
        news_.wait(lock, [&] { return over_ || (reading_.empty() && (stopped_ || (alive_.empty() && !stopping_))); });
    }

    const model::Project& project_;
    engine::Engine& engine_;
    const CreateOptions& create_;
    const AttachOptions& options_;
    base::Reporter& reporter_;
    LogFace& face_;
    os::Queue<int>& signals_;
    os::Scope& scope_;
    const std::vector<std::string> watched_;

    std::mutex mutex_;
    std::condition_variable news_;
    std::map<std::string, Watched> alive_;                                   // by id
    std::set<std::string> reading_, attached_, begun_, ended_, restarting_;  // ids
    bool ready_ = false, over_ = false, stopping_ = false, stopped_ = false, interrupted_ = false, aborted_ = false,
         code_taken_ = false;
    int exit_code_ = 0;
    std::atomic<std::uint64_t> lines_ = 0;  // shown so far
    // Starts and stops are not of scope_: a first signal ends the one and begins the other.
    os::Scope readers_, starting_, stoppers_, beside_;
};

}  // namespace

int start_attached(const model::Project& project, engine::Engine& engine, const CreateOptions& create,
                   const AttachOptions& options, base::Reporter& reporter, LogFace& face, os::Queue<int>& signals,
                   os::Scope& scope) {
    return Session(project, engine, create, options, reporter, face, signals, scope).run();
}

}  // namespace tutti::verbs
