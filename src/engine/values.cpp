#include "engine/values.h"

#include <algorithm>

#include "engine/containers.h"

namespace tutti::engine {

bool matches(const Labels& labels, const LabelFilter& filter) {
    return std::ranges::all_of(filter, [&](const std::string& wanted) {
        const auto equals = wanted.find('=');
        const auto found = labels.find(wanted.substr(0, equals));
        if (found == labels.end()) return false;
        return equals == std::string::npos || found->second == wanted.substr(equals + 1);
    });
}

std::string_view to_text(ContainerState state) {
    switch (state) {
        case ContainerState::created: return "created";
        case ContainerState::running: return "running";
        case ContainerState::paused: return "paused";
        case ContainerState::restarting: return "restarting";
        case ContainerState::removing: return "removing";
        case ContainerState::exited: return "exited";
        case ContainerState::dead: return "dead";
    }
    return "dead";
}

std::string_view to_text(Health health) {
    switch (health) {
        case Health::none: return "none";
        case Health::starting: return "starting";
        case Health::healthy: return "healthy";
        case Health::unhealthy: return "unhealthy";
    }
    return "none";
}

}  // namespace tutti::engine
