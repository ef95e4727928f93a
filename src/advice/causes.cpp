#include "advice/causes.h"

#include <optional>

#include "base/text.h"

namespace tutti::advice {
namespace {

using base::cat;
using engine::ContainerState;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// What stands between the first `before` and the next `after`.
std::optional<std::string> between(std::string_view text, std::string_view before, std::string_view after) {
    const auto start = text.find(before);
    if (start == std::string_view::npos) return std::nullopt;
    const auto end = text.find_first_of(after, start + before.size());
    if (end == std::string_view::npos) return std::nullopt;
    return std::string(text.substr(start + before.size(), end - start - before.size()));
}

// The program of a health check: "curl" of {CMD, curl, …} and of {CMD-SHELL, "curl -f …"}.
std::string probed_program(const engine::Container& container) {
    if (!container.spec.health_check || container.spec.health_check->test.size() < 2) return {};
    const auto& test = container.spec.health_check->test;
    return test[0] == "CMD" ? test[1] : test[1].substr(0, test[1].find(' '));
}

std::string health_check(const engine::Container& container) {
    if (container.health != engine::Health::unhealthy || container.probes.empty()) return {};
    const engine::ProbeResult& probe = container.probes.back();
    const std::string program = probed_program(container);
    const bool missing = probe.exit_code == 127 || has(probe.output, "executable file not found") ||
                         has(probe.output, "command not found") || has(probe.output, cat(program, ": not found"));
    if (!missing || program.empty()) return {};
    return cat("its healthcheck cannot run: \"", program, "\" is not in ", container.image,
               "; test with a program that the image has");
}

std::string upstream(std::string_view log) {
    const auto name = between(log, "host not found in upstream \"", ":\"");
    return name ? cat("its nginx config names ", *name,
                      ", which does not run; start it too, or use `resolver 127.0.0.11` with a variable in the URL")
                : std::string();
}

// A process without root that may not write where a mount is.
std::string owner_of_mount(const engine::Container& container, std::string_view log) {
    const std::string& user = container.spec.user;
    if (user.empty() || user == "root" || user == "0" || user.starts_with("0:")) return {};
    if (!has(base::to_lower(log), "permission denied")) return {};
    for (const engine::MountPoint& mount : container.mounts) {
        if (!has(log, mount.destination)) continue;
        return cat(mount.type == "volume" ? cat("volume ", mount.name) : cat("the folder ", mount.source), " at ",
                   mount.destination, " belongs to another user, and the process runs as ", user,
                   "; give it to that user, mount where the image has a folder of its own, or set `user:`");
    }
    return {};
}

std::string database(const engine::Container& container, std::string_view log) {
    if (has(log, "password authentication failed"))
        return "the database has another password; the one in the file counts only while its volume is new";
    if (has(log, "does not exist"))
        if (const auto name = between(log, "database \"", "\""); name)
            return cat("nobody has made the database ", *name,
                       "; POSTGRES_DB makes one, others take a script in /docker-entrypoint-initdb.d");
    if (has(log, "vm.max_map_count"))
        return "the kernel allows too few memory maps; on the host: sysctl -w vm.max_map_count=262144";
    if (has(log, "s a directory"))  // Is or is
        for (const engine::MountPoint& mount : container.mounts)
            if (mount.type == "bind" && has(log, mount.destination))
                return cat(mount.source, " is a folder; it was made because the file was missing when it was mounted");
    return {};
}

// `python3` as the whole command, with nothing on standard input: it ends at once, and well.
std::string no_program(const engine::Container& container) {
    if (container.state != ContainerState::exited || container.exit_code != 0 || !container.args.empty()) return {};
    const std::string_view name = std::string_view(container.path).substr(container.path.rfind('/') + 1);
    for (const std::string_view one : {"python", "python3", "bash", "sh", "node", "irb", "jshell"})
        if (name == one)
            return cat("its command is the image's ", name,
                       ", with no program and nothing to read; name one in "
                       "`command:` or in the Dockerfile's CMD");
    return {};
}

}  // namespace

std::vector<std::string> causes(const engine::Container& container, std::string_view last_lines) {
    std::vector<std::string> found;
    for (std::string cause : {health_check(container), upstream(last_lines), owner_of_mount(container, last_lines),
                              database(container, last_lines), no_program(container)})
        if (!cause.empty()) found.push_back(std::move(cause));
    return found;
}

}  // namespace tutti::advice
