// Images, networks, volumes, events and the engine itself as the Docker Engine API tells of them.
// Used by docker/client. Pure: no calls here.
#pragma once

#include "doc/node.h"
#include "engine/event.h"
#include "engine/images.h"
#include "engine/networks.h"
#include "engine/system.h"
#include "engine/volumes.h"

namespace tutti::docker::wire {

engine::ImageSummary image_summary_from(const doc::Node& row);  // /images/json
engine::Image image_from(const doc::Node& inspect);             // /images/{name}/json
engine::HistoryRow history_row_from(const doc::Node& row);

doc::Node network_body(const engine::NetworkSpec& spec, int api_minor);
engine::Network network_from(const doc::Node& network);

doc::Node volume_body(const engine::VolumeSpec& spec);
engine::Volume volume_from(const doc::Node& volume);

engine::Event event_from(const doc::Node& event);
doc::Node auth_config(const engine::Credentials& who);  // POST /auth, X-Registry-Auth
engine::EngineInfo info_from(const doc::Node& info, const doc::Node& version);

// One line of a pull's, push's or load's progress. `error` is set when the engine gave up.
struct StreamLine {
    std::string id, status, error;
    std::int64_t current = 0, total = 0;
};
StreamLine stream_line_from(const doc::Node& line);

}  // namespace tutti::docker::wire
