// What the faces of the fake engine share: all things by id, the event log, a clock that ticks per event, one lock.
// Used by engine/fake only (tests see Behaviour).
// Knows no face: each face's file holds its own rules.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace tutti::engine::fake {

struct Behaviour {
    std::optional<int> exits;      // at once, with this code; nothing: runs until it is stopped
    Health health = Health::none;  // right after the start, when the container has a health check; none: starting
    std::vector<std::pair<StreamKind, std::string>> output;  // lines written at the start
    int stop_code = 0;                                       // exit code after a stop signal
    std::vector<std::string> notes;                          // what a start says to the user
    struct Ran {
        int code = 0;
        std::string output, errors;
    };
    std::function<Ran(const ExecSpec&)> exec;  // nothing: code 0 and no output
};

struct Thing {
    Container container;
    // Shared with those who are attached: what was written can be read after a removal.
    std::shared_ptr<std::vector<LogLine>> log = std::make_shared<std::vector<LogLine>>();
    std::map<std::string, std::string> files;  // copied in: path of the folder → tar bytes
    int starts = 0;
};

struct World {
    mutable std::mutex mutex;
    std::condition_variable changed;  // after every event and every log line

    std::map<std::string, Thing> containers;  // by id
    std::map<std::string, Image> images;      // by reference
    std::map<std::string, Image> remote;
    std::map<std::string, Network> networks;  // by name
    std::map<std::string, Volume> volumes;
    std::map<std::string, Behaviour> behaviours;  // by image reference
    std::map<std::string, base::Error> failures;  // by call
    std::map<std::string, int> exit_codes;        // of removed containers
    std::vector<Event> events;
    std::vector<std::string> calls;
    std::uint64_t ticks = 0, ids = 0;
    int next_port = 32768;

    Time now();                            // ticks
    std::string new_id();                  // 64 hex digits
    Thing& find(const std::string& name);  // by name, id or unique prefix; throws not_found
    void emit(const Thing& thing, const std::string& action, const Options& more = {});
    void emit(const std::string& type, const std::string& action, const std::string& id, Options attributes);
    void call(const std::string& text);  // noted; throws the failure that a test set for it
    void end(Thing& thing, int code);    // the process is gone; the thing too, with auto_remove
    const Behaviour& behaviour(const Thing& thing) const;

    // Blocks until `done` holds (checked under the lock), or throws Cancelled.
    void wait(std::unique_lock<std::mutex>& lock, const os::Cancel& cancel, const std::function<bool()>& done);
};

std::unique_ptr<Containers> make_containers(World& world);
std::unique_ptr<Images> make_images(World& world);
std::unique_ptr<Networks> make_networks(World& world);
std::unique_ptr<Volumes> make_volumes(World& world);
std::unique_ptr<System> make_system(World& world);

}  // namespace tutti::engine::fake
