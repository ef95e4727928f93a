// Host ports that a project wants and cannot have: found before anything is created, with the one who holds them.
// Used by up, create, run and lint.
// Takes no port itself; what is free now may be gone a moment later, which the engine then reports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "model/project.h"
#include "state/project_state.h"

namespace tutti::advice {

struct PortClash {
    std::string service, host_ip;
    std::uint16_t port = 0;
    std::string protocol;
    std::string
        holder;  // "container web-1 of project shop", "nginx (pid 812)", "service b of this project", "a process"
    std::string fix;
};

// Sockets of this machine that listen (or, for udp, are bound). From /proc of the calling process's network.
struct Listener {
    std::string address;  // "0.0.0.0", "::", "127.0.0.1"
    std::uint16_t port = 0;
    std::string protocol;
    std::uint64_t inode = 0;
};
std::vector<Listener> parse_listeners(std::string_view proc_net_table, std::string_view protocol, bool ipv6);

// host_sockets: also look at this machine's own sockets (false for an engine that is elsewhere).
std::vector<PortClash> port_clashes(const model::Project& project, const state::ProjectState& state,
                                    engine::Engine& engine, bool host_sockets);

std::string to_text(
    const PortClash& clash);  // "port 8080/tcp, which service web publishes, is held by nginx (pid 812)"

}  // namespace tutti::advice
