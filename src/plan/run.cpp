#include "plan/run.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "plan/perform.h"

namespace tutti::plan {
namespace {

using base::cat;
using State = base::Progress::State;

constexpr std::size_t most_threads = 1024;

// A recreation is one line of progress though it is several steps.
class Groups {
  public:
    explicit Groups(const Plan& plan) {
        for (const Entry& entry : plan.steps)
            if (!entry.group.empty()) ++left_[entry.group];
    }
    bool begins(const std::string& group) {
        const std::lock_guard lock(mutex_);
        return begun_.emplace(group, true).second;
    }
    bool ends(const std::string& group) {
        const std::lock_guard lock(mutex_);
        return --left_[group] == 0;
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::size_t> left_;
    std::map<std::string, bool> begun_;
};

class Runner {
  public:
    Runner(const Plan& plan, engine::Engine& engine, base::Reporter& reporter, os::Scope& scope,
           const RunOptions& options)
        : plan_(plan),
          reporter_(reporter),
          options_(options),
          workers_(scope.cancel()),
          conditions_(engine, options.project, workers_.cancel()),
          groups_(plan),
          doing_{engine, reporter, conditions_, notes_, options, workers_.cancel(), {}},
          missing_(plan.steps.size()),
          next_(plan.steps.size()),
          left_(plan.steps.size()) {
        if (options.await_timeout.count() > 0) doing_.deadline = os::Clock::now() + options.await_timeout;
        for (StepId id = 0; id < plan.steps.size(); ++id) {
            missing_[id] = plan.steps[id].after.size();
            for (const StepId before : plan.steps[id].after) next_[before].push_back(id);
            if (missing_[id] == 0) ready_.push_back(id);
        }
    }

    void run() {
        {
            const std::lock_guard lock(mutex_);
            hire();
        }
        workers_.join();
    }

  private:
    // Under the lock. Threads come as there is work for them, and stay.
    void hire() {
        const std::size_t limit = options_.width ? options_.width : most_threads;
        for (std::size_t wanted = ready_.size(); wanted > idle_ && threads_ < limit; --wanted) {
            ++threads_;
            workers_.spawn([this] { work(); });
        }
    }

    void work() {
        std::unique_lock lock(mutex_);
        while (true) {
            ++idle_;
            news_.wait(lock, [&] { return !ready_.empty() || left_ == 0 || failed_; });
            --idle_;
            if (left_ == 0 || failed_) return;
            const StepId id = ready_.front();
            ready_.pop_front();
            lock.unlock();
            try {
                doing_.cancel.check();
                do_step(plan_.steps[id]);
            } catch (...) {
                lock.lock();
                failed_ = true;
                news_.notify_all();
                throw;  // the Scope cancels the others and hands it to run()
            }
            lock.lock();
            finish(id);
        }
    }

    void finish(StepId id) {
        --left_;
        for (const StepId after : next_[id])
            if (--missing_[after] == 0) {
                ready_.push_back(after);
                news_.notify_one();
            }
        hire();
        if (left_ == 0) news_.notify_all();
    }

    void do_step(const Entry& entry) {
        const Words words = words_of(entry.step);
        const std::string name = entry.group.empty() ? name_of(entry.step) : cat("Container ", entry.group);
        if (entry.group.empty()) {
            if (!words.working.empty()) reporter_.progress({name, {}, State::working, words.working, {}});
        } else if (groups_.begins(entry.group)) {
            reporter_.progress({name, {}, State::working, "Recreate", {}});
        }
        Ending ending;
        const base::Span span(words.working.empty() ? "Step" : words.working, name_of(entry.step));
        try {
            ending = perform(entry.step, doing_);
        } catch (const base::Error& error) {
            if (!words.done.empty()) reporter_.progress({name, {}, State::error, "Error", error.message()});
            throw;
        }
        if (entry.group.empty()) {
            if (!words.done.empty())
                reporter_.progress({name, {}, ending.state, ending.text.empty() ? words.done : ending.text, {}});
        } else if (groups_.ends(entry.group)) {
            reporter_.progress({name, {}, State::done, "Recreated", {}});
        }
    }

    const Plan& plan_;
    base::Reporter& reporter_;
    const RunOptions& options_;
    os::Scope workers_;
    Conditions conditions_;
    Groups groups_;
    StartNotes notes_;
    Doing doing_;

    std::mutex mutex_;
    std::condition_variable news_;
    std::deque<StepId> ready_;
    std::vector<std::size_t> missing_;       // by step: how many must still come before
    std::vector<std::vector<StepId>> next_;  // by step: who waits for it
    std::size_t left_, idle_ = 0, threads_ = 0;
    bool failed_ = false;
};

}  // namespace

void run(const Plan& plan, engine::Engine& engine, base::Reporter& reporter, os::Scope& scope,
         const RunOptions& options) {
    if (plan.empty()) return;
    Runner(plan, engine, reporter, scope, options).run();
}

void rehearse(const Plan& plan, base::Reporter& reporter) {
    std::map<std::string, std::size_t> last;
    for (StepId id = 0; id < plan.steps.size(); ++id)
        if (!plan.steps[id].group.empty()) last[plan.steps[id].group] = id;
    std::map<std::string, bool> begun;
    for (StepId id = 0; id < plan.steps.size(); ++id) {
        const Entry& entry = plan.steps[id];
        if (!entry.group.empty()) {
            const std::string name = cat("Container ", entry.group);
            if (begun.emplace(entry.group, true).second) reporter.progress({name, {}, State::working, "Recreate", {}});
            if (last[entry.group] == id) reporter.progress({name, {}, State::done, "Recreated", {}});
        } else if (const auto* pull = std::get_if<PullImage>(&entry.step)) {
            reporter.progress({cat("Image ", pull->reference), {}, State::working, "Pulling", {}});
            reporter.progress({cat("Image ", pull->reference), {}, State::done, "Pulled", {}});
        } else if (const auto* wait = std::get_if<WaitFor>(&entry.step)) {
            for (const std::string& name : wait->containers) {
                reporter.progress({cat("Container ", name), {}, State::working, "Waiting", {}});
                reporter.progress({cat("Container ", name),
                                   {},
                                   State::done,
                                   wait->condition == Condition::completed ? "Exited" : "Healthy",
                                   {}});
            }
        } else if (const auto* provider = std::get_if<RunProvider>(&entry.step)) {
            const char* done = provider->action == "up"     ? "Created"
                               : provider->action == "down" ? "Removed"
                                                            : "Stopped";
            reporter.progress({provider->service->name, {}, State::done, done, {}});
        } else if (const Words words = words_of(entry.step); !words.done.empty()) {
            if (!words.working.empty()) reporter.progress({name_of(entry.step), {}, State::working, words.working, {}});
            reporter.progress({name_of(entry.step), {}, State::done, words.done, {}});
        }
    }
}

}  // namespace tutti::plan
