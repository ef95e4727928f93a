// One step of a plan, done: the calls to the engine and the progress that is shown for it.
// Used by run, which knows when.
// Knows nothing of other steps.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/reporter.h"
#include "engine/engine.h"
#include "os/scope.h"
#include "plan/conditions.h"
#include "plan/plan.h"
#include "plan/run.h"

namespace tutti::plan {

// What starts say to the user: the same words about many containers are shown once.
class StartNotes {
  public:
    void tell(const std::string& container, const std::vector<std::string>& notes, base::Reporter& reporter);

  private:
    std::mutex mutex_;
    std::set<std::string> told_;
};

struct Doing {
    engine::Engine& engine;
    base::Reporter& reporter;
    Conditions& conditions;
    StartNotes& notes;
    const RunOptions& options;
    const os::Cancel& cancel;
    os::Until deadline;
};

// How it ended, where that is not simply done.
struct Ending {
    base::Progress::State state = base::Progress::State::done;
    std::string text;  // empty: the usual word
};
Ending perform(const Step& step, const Doing& doing);

// "Creating"/"Created"; empty: the step shows nothing, or by itself.
struct Words {
    std::string working, done;
};
Words words_of(const Step& step);

}  // namespace tutti::plan
