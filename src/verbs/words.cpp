#include "verbs/words.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"

namespace tutti::verbs {

using base::cat;
using engine::ContainerState;

std::string human_duration(std::chrono::seconds time) {
    const std::int64_t seconds = time.count();
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return cat(seconds, " seconds");
    const std::int64_t minutes = seconds / 60;
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return cat(minutes, " minutes");
    const std::int64_t hours = (seconds + 1800) / 3600;
    if (hours == 1) return "About an hour";
    if (hours < 48) return cat(hours, " hours");
    if (hours < 24 * 7 * 2) return cat(hours / 24, " days");
    if (hours < 24 * 30 * 2) return cat(hours / 24 / 7, " weeks");
    if (hours < 24 * 365 * 2) return cat(hours / 24 / 30, " months");
    return cat(hours / 24 / 365, " years");
}

std::string status_text(const engine::ContainerSummary& container, engine::Time now) {
    if (!container.status.empty()) return container.status;  // an engine far away words it by its own clock
    const auto since = [&](engine::Time then) {
        return human_duration(std::chrono::duration_cast<std::chrono::seconds>(now - then));
    };
    switch (container.state) {
        case ContainerState::running: {
            std::string text = cat("Up ", since(container.started));
            if (container.health == engine::Health::starting) text += " (health: starting)";
            if (container.health == engine::Health::healthy) text += " (healthy)";
            if (container.health == engine::Health::unhealthy) text += " (unhealthy)";
            return text;
        }
        case ContainerState::paused: return cat("Up ", since(container.started), " (Paused)");
        case ContainerState::restarting:
            return cat("Restarting (", container.exit_code, ") ", since(container.finished), " ago");
        case ContainerState::removing: return "Removal In Progress";
        case ContainerState::dead: return "Dead";
        case ContainerState::created: return "Created";
        case ContainerState::exited:
            return cat("Exited (", container.exit_code, ") ", since(container.finished), " ago");
    }
    return {};
}

std::string with_brackets(const std::string& ip) { return ip.find(':') == std::string::npos ? ip : cat("[", ip, "]"); }

namespace {

struct Group {
    std::string ip, protocol;
    std::uint16_t first, last;
    std::string text() const {
        const std::string range = first == last ? std::to_string(first) : cat(first, "-", last);
        return cat(ip.empty() ? "" : cat(with_brackets(ip), ":", range, "->"), range, "/", protocol);
    }
};

}  // namespace

// Ports that keep their number are joined to ranges; the others follow one by one.
std::string ports_text(std::vector<engine::PublishedPort> ports) {
    std::sort(ports.begin(), ports.end(), [](const engine::PublishedPort& a, const engine::PublishedPort& b) {
        const bool a6 = a.host_ip.find(':') != std::string::npos, b6 = b.host_ip.find(':') != std::string::npos;
        return std::tie(a.container_port, a6, a.host_ip, a.host_port, a.protocol) <
               std::tie(b.container_port, b6, b.host_ip, b.host_port, b.protocol);
    });
    std::vector<std::string> done, mapped;
    std::vector<std::pair<std::string, Group>> open;
    for (const engine::PublishedPort& port : ports) {
        if (!port.host_ip.empty() && port.host_port != port.container_port) {
            mapped.push_back(
                cat(with_brackets(port.host_ip), ":", port.host_port, "->", port.container_port, "/", port.protocol));
            continue;
        }
        const std::string key = cat(port.host_ip, "/", port.protocol);
        const auto group = std::find_if(open.begin(), open.end(), [&](const auto& one) { return one.first == key; });
        const Group fresh{port.host_ip, port.protocol, port.container_port, port.container_port};
        if (group == open.end()) {
            open.emplace_back(key, fresh);
        } else if (port.container_port == group->second.last + 1) {
            group->second.last = port.container_port;
        } else {
            done.push_back(group->second.text());
            group->second = fresh;
        }
    }
    for (const auto& [key, group] : open) done.push_back(group.text());
    done.insert(done.end(), mapped.begin(), mapped.end());
    return base::join(done, ", ");
}

}  // namespace tutti::verbs
