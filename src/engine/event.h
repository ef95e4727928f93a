// What happened in an engine, with its time; the only thing besides Reporter that flows upward.
#pragma once

#include <functional>
#include <string>

#include "engine/values.h"

namespace tutti::engine {

// Types and actions are Docker's words: container (create, start, die, stop, kill, pause, unpause, restart, destroy,
// rename, oom, exec_create, exec_start, exec_die, attach, health_status: healthy), network (create, connect,
// disconnect, destroy), volume (create, mount, unmount, destroy), image (pull, tag, untag, delete, …).
struct Event {
    Time time;
    std::string type, action, id;  // id: of the container, the network's id, the volume's name
    Options attributes;            // container: name, image, exitCode, signal and all labels
};
using EventSink = std::function<void(const Event&)>;

struct EventOptions {
    Time since{}, until{};  // epoch: from now on; for ever
    LabelFilter labels;
    std::function<void()> ready;  // called once, as soon as no later event can be missed; may be empty
};

}  // namespace tutti::engine
