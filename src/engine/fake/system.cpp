// The fake's system face: the event log is the truth, subscribers read it from where they start.
#include "engine/fake/world.h"

namespace tutti::engine::fake {
namespace {

class FakeSystem final : public System {
  public:
    explicit FakeSystem(World& world) : world_(world) {}

    EngineInfo info() override {
        EngineInfo info;
        info.name = "fake";
        info.os = "linux";
        info.architecture = "amd64";
        return info;
    }
    void ping() override {}

    void events(const EventOptions& options, const EventSink& sink, const os::Cancel& cancel) override {
        std::unique_lock lock(world_.mutex);
        std::size_t next = options.since == Time{} ? world_.events.size() : 0;
        if (options.ready) options.ready();
        while (true) {
            world_.wait(lock, cancel, [&] { return next < world_.events.size(); });
            const Event event = world_.events[next++];
            if (options.since != Time{} && event.time < options.since) continue;
            if (options.until != Time{} && event.time > options.until) return;
            if (!matches(event.attributes, options.labels)) continue;
            lock.unlock();
            sink(event);
            lock.lock();
        }
    }

    LoginAnswer check_credentials(const Credentials&) override { return {"Login Succeeded", {}}; }

  private:
    World& world_;
};

}  // namespace

std::unique_ptr<System> make_system(World& world) { return std::make_unique<FakeSystem>(world); }

}  // namespace tutti::engine::fake
