#include "engine/fake/streams.h"

#include <atomic>

#include "base/text.h"

namespace tutti::engine::fake {
namespace {

bool is_over(const World& world, const std::string& id) {
    const auto found = world.containers.find(id);
    return found == world.containers.end() || (found->second.container.state != ContainerState::running &&
                                               found->second.container.state != ContainerState::paused);
}

class FakeAttached final : public Attached {
  public:
    FakeAttached(World& world, std::string id, const AttachOptions& options)
        : world_(world), id_(std::move(id)), options_(options) {
        log_ = world_.containers.at(id_).log;
        next_ = options.logs ? 0 : log_->size();
        begun_ = !is_over(world_, id_);
        starts_ = starts_now();
    }

    void send(std::string_view bytes) override {
        const std::lock_guard lock(world_.mutex);
        world_.find(id_).log->push_back({world_.now(), StreamKind::stdout_, std::string(bytes), true});
        world_.changed.notify_all();
    }
    void close_stdin() override {}
    void resize(int, int) override {}
    void detach() override {
        detached_ = true;
        world_.changed.notify_all();
    }

    // A container that was not started yet is waited for.
    void receive(const OutputSink& sink, const os::Cancel& cancel) override {
        std::unique_lock lock(world_.mutex);
        while (true) {
            const auto has_more = [&] { return next_ < log_->size(); };
            world_.wait(lock, cancel, [&] {
                return detached_ || has_more() || !world_.containers.count(id_) ||
                       ((begun_ || starts_now() > starts_) && is_over(world_, id_));
            });
            if (detached_ || !has_more()) return;
            const LogLine line = (*log_)[next_++];
            const bool wanted = line.stream == StreamKind::stdout_ ? options_.stdout_ : options_.stderr_;
            lock.unlock();
            if (wanted) sink(line.stream, line.partial ? line.text : line.text + "\n");
            lock.lock();
        }
    }

  private:
    int starts_now() const {
        const auto found = world_.containers.find(id_);
        return found == world_.containers.end() ? 0 : found->second.starts;
    }
    World& world_;
    std::string id_;
    AttachOptions options_;
    std::shared_ptr<std::vector<LogLine>> log_;
    std::size_t next_ = 0;
    bool begun_ = false;
    int starts_ = 0;  // when it was attached
    std::atomic<bool> detached_ = false;
};

class FakeExec final : public Exec, private Attached {
  public:
    explicit FakeExec(Behaviour::Ran ran) : ran_(std::move(ran)) {}
    Attached& streams() override { return *this; }
    int wait(const os::Cancel&) override { return ran_.code; }

  private:
    void send(std::string_view) override {}
    void close_stdin() override {}
    void resize(int, int) override {}
    void detach() override {}
    void receive(const OutputSink& sink, const os::Cancel&) override {
        if (!ran_.output.empty()) sink(StreamKind::stdout_, ran_.output);
        if (!ran_.errors.empty()) sink(StreamKind::stderr_, ran_.errors);
    }
    Behaviour::Ran ran_;
};

}  // namespace

void read_log(World& world, const std::string& name, const LogOptions& options, const LogSink& sink,
              const os::Cancel& cancel) {
    std::unique_lock lock(world.mutex);
    const std::string id = world.find(name).container.id;
    const auto wanted = [&](const LogLine& line) {
        if (line.stream == StreamKind::stdout_ ? !options.stdout_ : !options.stderr_) return false;
        if (options.since != Time{} && line.time < options.since) return false;
        return options.until == Time{} || line.time <= options.until;
    };
    std::size_t next = 0;
    if (options.tail >= 0) {
        const auto& log = *world.containers.at(id).log;
        next = log.size();
        for (std::int64_t left = options.tail; next > 0 && left > 0;) left -= wanted(log[--next]) ? 1 : 0;
    }
    while (true) {
        const auto has_more = [&] { return world.containers.count(id) && next < world.containers.at(id).log->size(); };
        if (options.follow) world.wait(lock, cancel, [&] { return has_more() || is_over(world, id); });
        if (!has_more()) return;
        const LogLine line = (*world.containers.at(id).log)[next++];
        if (!wanted(line)) continue;
        lock.unlock();
        sink(line);
        lock.lock();
    }
}

std::unique_ptr<Attached> make_attached(World& world, std::string id, const AttachOptions& options) {
    return std::make_unique<FakeAttached>(world, std::move(id), options);
}

std::unique_ptr<Exec> make_exec(Behaviour::Ran ran) { return std::make_unique<FakeExec>(std::move(ran)); }

}  // namespace tutti::engine::fake
