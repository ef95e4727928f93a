// Containers as the Docker Engine API tells of them: a row of /containers/json, /containers/{id}/json, stats, top,
// exec. Used by docker/client. Pure: no calls here.
#pragma once

#include "doc/node.h"
#include "engine/containers.h"

namespace tutti::docker::wire {

engine::ContainerSummary summary_from(const doc::Node& row);
engine::Container container_from(const doc::Node& inspect);
engine::Stats stats_from(const doc::Node& stats);
engine::ProcessTable processes_from(const doc::Node& top);
doc::Node exec_body(const engine::ExecSpec& spec);
// The base64 JSON of the X-Docker-Container-Path-Stat header, decoded.
engine::Containers::PathStat path_stat_from(const doc::Node& stat);

engine::Endpoint endpoint_from(const std::string& network, const doc::Node& settings);

}  // namespace tutti::docker::wire
