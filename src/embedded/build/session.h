// One build while it runs: what all its stages share. Private to the builder.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "embedded/build/builder.h"
#include "embedded/build/state.h"
#include "embedded/build/tree.h"
#include "oci/reference.h"

namespace tutti::embedded::build {

// The lines of progress, as BuildKit's plain progress writes them: "#5 [2/3] RUN make", "#5 0.12 output", "#5 DONE
// 0.3s".
class Progress {
  public:
    explicit Progress(const std::function<void(std::string_view)>& output) : output_(output) {}
    int start(std::string_view title);
    void line(int step, os::Clock::time_point since, std::string_view text);  // one line of a step's output
    void done(int step, os::Clock::time_point since);
    void cached(int step);
    void failed(int step, std::string_view why);

  private:
    const std::function<void(std::string_view)>& output_;
    std::mutex mutex_;
    int next_ = 1;
};

// A tree that files are copied from: a context or the root of an image or stage.
struct Origin {
    os::Fd folder;                            // of a context on disk
    IgnoreRules ignore;                       // of that context
    std::vector<std::string> lower;           // of an image or stage, highest first
    base::Digest key = base::Digest::of("");  // names the content of an image or stage
    bool is_context = false;
};

struct Session {
    const engine::BuildSpec& spec;
    const BuilderOptions& options;
    store::Store& store;
    images::Images& images;
    runtime::Runtime& runtime;
    Cache& cache;
    base::Reporter& reporter;
    Progress& progress;
    const os::Cancel& cancel;
    runtime::Machine machine = runtime::Machine::look();
    std::string id;        // unique among builds
    std::string platform;  // "linux/amd64"
    StageRequest request;
    Stages stages;
    char escape = '\\';
    std::string now;  // RFC 3339; SOURCE_DATE_EPOCH where it is set

    // Finished stages.
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::size_t, StageState> finished;
    bool failed = false;  // one of the stages: no other comes to an end

    StageState wait_for(std::size_t stage);
    // An image by its name: what is here, else pulled (always with --pull).
    StageState image_state(const std::string& reference, const std::string& platform);
    Origin origin_of(const Source& source, const std::string& platform);
    Origin main_context() const;
    std::vector<std::string> lowers(const StageState& state) const;
    // A layer out of the step's upper folder; recorded under the key.
    base::Digest keep_layer(const StepFolder& step, const base::Digest& key);
    bool no_cache_for(const Stage& stage) const;
};

// All of a stage, from its base to its last instruction.
StageState build_stage(Session& session, std::size_t index);

// COPY and ADD; RUN; WORKDIR's folder. Each extends the key, makes or finds its layer and adds the history row.
struct StepContext {
    Session& session;
    const Stage& stage;
    const Step& step;
    StageState& state;
    std::string title;  // "[build 2/5] RUN make"
    bool use_cache = true;
};
void copy_step(StepContext& context, const Copy& copy);
void run_step(StepContext& context, const build::Run& run);
void workdir_step(StepContext& context, const Workdir& workdir);

// Looks the key up, else makes the layer with `make` (which fills the step's upper folder). Adds the row to the
// history.
void layer_step(StepContext& context, const std::string& created_by,
                const std::function<void(const StepFolder&, int progress)>& make);

// "user:group", names looked up in the root's own /etc/passwd and /etc/group.
Owner find_owner(const os::Fd& root, const std::string& text);

// The bytes of a git repository or archive at a remote place, as a folder. `into` is a new folder.
void fetch_git(const std::string& url, const std::string& into, bool keep_git_folder, const BuilderOptions& options,
               const os::Cancel& cancel);
bool is_git_url(std::string_view text);
bool is_url(std::string_view text);

}  // namespace tutti::embedded::build
