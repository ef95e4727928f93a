// How a container's state is said: "Up 5 minutes (healthy)", "0.0.0.0:8080->80/tcp", "2 hours".
// Used by ps, the TUI and the web.
// Words are Docker's.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/containers.h"

namespace tutti::verbs {

std::string human_duration(std::chrono::seconds time);  // "About an hour"
std::string status_text(const engine::ContainerSummary& container, engine::Time now);
std::string ports_text(std::vector<engine::PublishedPort> ports);
std::string with_brackets(const std::string& ip);  // "[::1]" for IPv6

}  // namespace tutti::verbs
