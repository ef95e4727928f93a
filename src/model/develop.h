// Hooks around a service's life and what `watch` does when files change.
// Used by service.h.
// Nothing here runs anything.
#pragma once

#include "model/common.h"

namespace tutti::model {

struct Hook {
    Command command;
    std::string image, user;
    bool privileged = false;
    std::string working_dir;
    Environment environment;
    bool per_replica = false;
    Extensions extensions;

    bool operator==(const Hook&) const = default;
};

struct WatchTrigger {
    std::string path;
    std::string action;  // rebuild, sync, restart, sync+restart, sync+exec
    std::string target;
    Hook exec;
    Texts include, ignore;
    bool initial_sync = false;
    Extensions extensions;

    bool operator==(const WatchTrigger&) const = default;
};

struct Develop {
    std::vector<WatchTrigger> watch;
    Extensions extensions;

    bool operator==(const Develop&) const = default;
};

}  // namespace tutti::model
