#include "advice/ports.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "os/file.h"
#include "os/proc.h"
#include "state/labels.h"

namespace tutti::advice {
namespace {

using base::cat;

struct Wanted {
    std::string service, ip;
    std::uint16_t port;
    std::string protocol;
    bool held = false;  // by a container of the service already
};

bool any_address(std::string_view ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }
bool overlap(std::string_view a, std::string_view b) {
    if (any_address(a) || any_address(b)) {
        // A wildcard of one family leaves the other family's addresses free.
        const bool a6 = a.find(':') != std::string_view::npos, b6 = b.find(':') != std::string_view::npos;
        return a.empty() || b.empty() || a6 == b6 || a == "::" || b == "::";
    }
    return a == b;
}

std::vector<Wanted> wanted_ports(const model::Project& project, const state::ProjectState& state) {
    std::vector<Wanted> all;
    for (const auto& [name, service] : project.services) {
        if (service.replicas() == 0 || service.provider) continue;
        std::vector<engine::PublishedPort> held;
        for (const state::Container* container : state.of_service(name))
            held.insert(held.end(), container->summary.ports.begin(), container->summary.ports.end());
        for (const model::Port& port : service.ports) {
            const auto number = base::to_uint(port.published);
            if (!number || *number == 0 || *number > 65535) continue;
            const std::string protocol = port.protocol.empty() ? "tcp" : port.protocol;
            const bool ours = std::any_of(held.begin(), held.end(), [&](const engine::PublishedPort& one) {
                return one.host_port == *number && one.protocol == protocol;
            });
            all.push_back({name, port.host_ip, static_cast<std::uint16_t>(*number), protocol, ours});
        }
    }
    return all;
}

std::string owner_of(const engine::ContainerSummary& container) {
    const auto project = container.labels.find(std::string(state::label::project));
    return project == container.labels.end() ? cat("container ", container.name)
                                             : cat("container ", container.name, " of project ", project->second);
}

// Two services of the project want one port, whether or not one of them runs already.
void add_clashes_in_file(const std::vector<Wanted>& wanted, std::vector<PortClash>& clashes) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            const Wanted &late = wanted[i].held ? wanted[j] : wanted[i],
                         &early = wanted[i].held ? wanted[i] : wanted[j];
            if (late.port == early.port && late.protocol == early.protocol && late.service != early.service &&
                !late.held && overlap(late.ip, early.ip))
                clashes.push_back({late.service, late.ip, late.port, late.protocol,
                                   cat("service ", early.service, " of the same project"),
                                   "publish one of them on another host port"});
        }
}

// Goes or moves with this very run; services of profiles that are off now stay as they are.
bool is_ours(const engine::ContainerSummary& container, const model::Project& project) {
    const auto owner = container.labels.find(std::string(state::label::project));
    if (owner == container.labels.end() || owner->second != project.name) return false;
    const auto service = container.labels.find(std::string(state::label::service));
    return service == container.labels.end() || project.disabled_services.count(service->second) == 0;
}

void add_containers(const std::vector<Wanted>& wanted, const model::Project& project, engine::Engine& engine,
                    std::vector<PortClash>& clashes) {
    for (const engine::ContainerSummary& container : engine.containers().list({})) {
        if (is_ours(container, project)) continue;
        for (const Wanted& want : wanted)
            for (const engine::PublishedPort& port : container.ports)
                if (port.host_port == want.port && port.protocol == want.protocol && overlap(want.ip, port.host_ip)) {
                    clashes.push_back({want.service, want.ip, want.port, want.protocol, owner_of(container),
                                       cat("stop it, or publish ", want.service, " on another host port")});
                    break;
                }
    }
}

std::string process_name(std::uint64_t inode) {
    const auto holder = os::find_socket_holder(inode);
    return holder ? cat(holder->name, " (pid ", holder->pid, ")") : std::string("another process");
}

void add_sockets(const std::vector<Wanted>& wanted, const state::ProjectState& state, std::vector<PortClash>& clashes) {
    std::vector<Listener> listeners;
    for (const auto& [file, protocol, ipv6] : {std::tuple("/proc/net/tcp", "tcp", false),
                                               {"/proc/net/tcp6", "tcp", true},
                                               {"/proc/net/udp", "udp", false},
                                               {"/proc/net/udp6", "udp", true}})
        if (const auto table = os::read_file_if_exists(file))
            for (Listener& one : parse_listeners(*table, protocol, ipv6)) listeners.push_back(std::move(one));
    for (const Wanted& want : wanted) {
        const auto known = [&](const PortClash& clash) {
            return clash.port == want.port && clash.protocol == want.protocol;
        };
        if (std::any_of(clashes.begin(), clashes.end(), known)) continue;
        const auto same_project = [&](const state::Container& container) {
            return std::any_of(container.summary.ports.begin(), container.summary.ports.end(), [&](const auto& port) {
                return port.host_port == want.port && port.protocol == want.protocol;
            });
        };
        if (std::any_of(state.containers.begin(), state.containers.end(), same_project)) continue;
        for (const Listener& one : listeners)
            if (one.port == want.port && one.protocol == want.protocol && overlap(want.ip, one.address)) {
                clashes.push_back({want.service, want.ip, want.port, want.protocol, process_name(one.inode),
                                   cat("stop it, or publish ", want.service, " on another host port")});
                break;
            }
    }
}

// "0100007F" → 127.0.0.1: words of the machine's byte order.
std::string address_of(std::string_view hex, bool ipv6) {
    if (hex.find_first_not_of('0') == std::string_view::npos) return ipv6 ? "::" : "0.0.0.0";
    if (ipv6 && hex == "00000000000000000000000001000000") return "::1";
    if (!ipv6 && hex.size() == 8) {
        std::string text;
        for (int i = 3; i >= 0; --i)
            text += cat(base::to_uint(hex.substr(static_cast<std::size_t>(i) * 2, 2), 16).value_or(0), i ? "." : "");
        return text;
    }
    return base::to_lower(hex);
}

}  // namespace

std::vector<Listener> parse_listeners(std::string_view table, std::string_view protocol, bool ipv6) {
    constexpr std::size_t local = 1, status = 3, inode = 9;
    std::vector<Listener> listeners;
    bool header = true;
    for (const std::string_view line : base::split(table, '\n')) {
        if (std::exchange(header, false)) continue;
        std::vector<std::string_view> words;
        for (const std::string_view word : base::split(line, ' '))
            if (!word.empty()) words.push_back(word);
        if (words.size() <= inode) continue;
        const bool listens = protocol == "tcp" ? words[status] == "0A" : true;
        const auto colon = words[local].rfind(':');
        const auto port = base::to_uint(words[local].substr(colon + 1), 16);
        if (!listens || !port) continue;
        listeners.push_back({address_of(words[local].substr(0, colon), ipv6), static_cast<std::uint16_t>(*port),
                             std::string(protocol), base::to_uint(words[inode]).value_or(0)});
    }
    return listeners;
}

std::vector<PortClash> port_clashes(const model::Project& project, const state::ProjectState& state,
                                    engine::Engine& engine, bool host_sockets) {
    std::vector<Wanted> wanted = wanted_ports(project, state);
    std::vector<PortClash> clashes;
    if (wanted.empty()) return clashes;
    add_clashes_in_file(wanted, clashes);
    std::erase_if(wanted, [](const Wanted& want) { return want.held; });
    add_containers(wanted, project, engine, clashes);
    if (host_sockets) add_sockets(wanted, state, clashes);
    return clashes;
}

std::string to_text(const PortClash& clash) {
    return cat("port ", clash.host_ip.empty() ? "" : clash.host_ip, clash.host_ip.empty() ? "" : ":", clash.port, "/",
               clash.protocol, ", which service ", clash.service, " publishes, is held by ", clash.holder);
}

}  // namespace tutti::advice
