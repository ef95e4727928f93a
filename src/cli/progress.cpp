#include "cli/progress.h"

#include <condition_variable>
#include <map>
#include <mutex>

#include "base/text.h"
#include "cli/progress_frame.h"
#include "cli/project.h"
#include "doc/json.h"
#include "os/terminal.h"

namespace tutti::cli {
namespace {

using base::cat;
using State = base::Progress::State;

constexpr int standard_error = 2;

// Progress that concerns the application as a whole is a line for people, not a task.
constexpr std::string_view application = "Compose";

class Face : public ProgressFace {
  public:
    explicit Face(Session& session) : session_(session) {}
    void warn(std::string_view message) override { line(cat("warning: ", message, "\n")); }
    void note(std::string_view message) override { line(std::string(message)); }

  protected:
    virtual void line(const std::string& text) {
        const std::lock_guard lock(mutex_);
        session_.err(text);
    }
    Session& session_;
    std::mutex mutex_;
};

class Quiet final : public Face {
  public:
    using Face::Face;
    void progress(const base::Progress&) override {}
};

class Plain final : public Face {
  public:
    Plain(Session& session, bool dry_run) : Face(session), prefix_(dry_run ? " DRY-RUN MODE - " : "") {}
    void progress(const base::Progress& step) override {
        line(cat(prefix_, " ", step.id, " ", step.text, " ", step.details, "\n"));
    }

  private:
    std::string prefix_;
};

class Json final : public Face {
  public:
    Json(Session& session, bool dry_run) : Face(session), dry_run_(dry_run) {}
    void progress(const base::Progress& step) override {
        doc::Node message = doc::Node::map();
        const auto text = [&](std::string_view key, const std::string& value) {
            if (!value.empty()) message.set(key, doc::Node(value));
        };
        const auto number = [&](std::string_view key, std::int64_t value) {
            if (value != 0) message.set(key, doc::Node(value));
        };
        if (dry_run_) message.set("dry-run", doc::Node(true));
        text("id", step.id);
        text("parent_id", step.parent);
        message.set("status", doc::Node(step.state == State::working   ? "Working"
                                        : step.state == State::done    ? "Done"
                                        : step.state == State::warning ? "Warning"
                                                                       : "Error"));
        text("text", step.text);
        text("details", step.details);
        number("current", step.current);
        number("total", step.total);
        if (step.total > 0) number("percent", std::min<std::int64_t>(100, step.current * 100 / step.total));
        line(doc::write_json(message) + "\n");
    }

  private:
    bool dry_run_;
};

class Tty final : public Face {
  public:
    Tty(Session& session, std::string operation, bool dry_run, bool attached)
        : Face(session), operation_(std::move(operation)), dry_run_(dry_run), attached_(attached) {
        painter_.spawn([this] { redraw(); });
    }
    ~Tty() override { finish(); }

    void progress(const base::Progress& step) override {
        const std::lock_guard lock(mutex_);
        if (step.id == application) {
            session_.err(cat("\033[31;1m", step.details, "\033[0m\n"));
            return;
        }
        if (attached_ && operation_ != "start" && (step.text == "Started" || step.text == "Starting")) return;
        if (finished_) {
            session_.err(cat(step.id, " ", step.text, " ", step.details, "\n"));
            return;
        }
        take(step);
    }

    void finish() override {
        {
            const std::lock_guard lock(mutex_);
            if (finished_) return;
            draw();
            finished_ = true;
        }
        news_.notify_all();
        painter_.join();
    }

  protected:
    // Above the frame: it is drawn again below.
    void line(const std::string& text) override {
        const std::lock_guard lock(mutex_);
        if (!finished_ && lines_ > 0) {
            session_.err(cat("\033[", lines_, "A\033[J"));
            lines_ = 0;
        }
        session_.err(text);
        if (!finished_) draw();
    }

  private:
    void take(const base::Progress& step) {
        const auto now = std::chrono::steady_clock::now();
        auto [known, fresh] = index_.emplace(step.id, tasks_.size());
        if (fresh) {
            tasks_.push_back({});
            tasks_.back().id = step.id;
            tasks_.back().parent = step.parent;
            tasks_.back().started = tasks_.back().ended = now;
        }
        Task& task = tasks_[known->second];
        if (!step.parent.empty()) task.parents.insert(step.parent);
        if (!fresh && task.parent != step.parent) return;  // a shared layer listens to its first image only
        if (step.state != State::working && (fresh || task.state != step.state)) task.ended = now;
        task.state = step.state;
        task.text = step.text;
        task.details = step.details;
        task.current = std::max(task.current, step.current);
        task.total = std::max(task.total, step.total);
    }

    void redraw() {
        std::unique_lock lock(mutex_);
        while (!news_.wait_for(lock, std::chrono::milliseconds(100), [&] { return finished_; })) {
            ++spinner_;
            draw();
        }
    }

    void draw() {
        if (tasks_.empty()) return;
        const os::TerminalSize size = os::terminal_size(standard_error);
        FrameOptions options;
        options.operation = operation_;
        options.width = size.columns > 0 ? size.columns : 80;
        options.height = size.rows > 0 ? size.rows : 24;
        options.spinner = spinner_;
        options.dry_run = dry_run_;
        options.colour = session_.colour;
        options.now = std::chrono::steady_clock::now();
        const std::vector<std::string> screen = draw_frame(tasks_, options);
        std::string text = "\033[?25l";
        if (lines_ > 0) text += cat("\033[", lines_, "A");
        text += "\r\033[J";
        for (const std::string& one : screen) text += one + "\n";
        lines_ = screen.size();
        session_.err(text + "\033[?25h");
    }

    std::string operation_;
    bool dry_run_, attached_, finished_ = false;
    std::vector<Task> tasks_;
    std::map<std::string, std::size_t> index_;
    std::size_t lines_ = 0;
    int spinner_ = 0;
    std::condition_variable news_;
    os::Scope painter_;
};

}  // namespace

std::unique_ptr<ProgressFace> make_progress(Session& session, const std::string& operation, bool dry_run,
                                            bool attached) {
    std::string mode = session.progress;
    const bool drawable = session.err_is_terminal && session.ansi && session.variable("TERM") != "dumb";
    if (mode == "auto") mode = drawable && session.variable("CI").empty() ? "tty" : "plain";
    if (mode == "quiet") return std::make_unique<Quiet>(session);
    if (mode == "json") return std::make_unique<Json>(session, dry_run);
    if (mode == "tty") return std::make_unique<Tty>(session, operation, dry_run, attached);
    return std::make_unique<Plain>(session, dry_run);
}

}  // namespace tutti::cli
