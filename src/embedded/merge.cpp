#include "embedded/merge.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded {

using engine::ContainerSpec;

std::vector<std::string> merge_env(const std::vector<std::string>& below, const std::vector<std::string>& above) {
    std::vector<std::string> out = below;
    const auto key_of = [](const std::string& line) { return line.substr(0, line.find('=')); };
    for (const auto& line : above) {
        const auto key = key_of(line);
        const auto old = std::ranges::find_if(out, [&](const auto& known) { return key_of(known) == key; });
        if (line.find('=') == std::string::npos) {
            if (old != out.end()) out.erase(old);
        } else if (old != out.end()) {
            *old = line;
        } else {
            out.push_back(line);
        }
    }
    return out;
}

static void merge_command(ContainerSpec& spec, const oci::RunConfig& image) {
    const auto empty = [](const auto& words) { return !words || words->empty(); };
    if (!empty(spec.entrypoint)) return;  // an entrypoint of one's own makes the image's command meaningless
    if (empty(spec.command) && !image.cmd.empty()) spec.command = image.cmd;
    if (!spec.entrypoint && !image.entrypoint.empty()) spec.entrypoint = image.entrypoint;
}

static void merge_health_check(ContainerSpec& spec, const oci::RunConfig& image) {
    if (!image.healthcheck) return;
    const auto& below = *image.healthcheck;
    if (!spec.health_check) spec.health_check.emplace();
    auto& check = *spec.health_check;
    if (!check.test.empty() && check.test.front() == "NONE") return;
    if (check.test.empty()) check.test = below.test;
    const auto inherit = [](auto& value, const auto& from) {
        if (value == std::remove_reference_t<decltype(value)>{}) value = from;
    };
    inherit(check.interval, below.interval);
    inherit(check.timeout, below.timeout);
    inherit(check.start_period, below.start_period);
    inherit(check.start_interval, below.start_interval);
    inherit(check.retries, below.retries);
}

// The path without a slash at its end, so that "/data/" and "/data" are one.
static std::string_view bare(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
}

static void merge_volumes(ContainerSpec& spec, const oci::RunConfig& image) {
    for (const auto& target : image.volumes) {
        const bool covered = std::ranges::any_of(
            spec.mounts, [&](const engine::MountSpec& mount) { return bare(mount.target) == bare(target); });
        if (covered) continue;
        engine::MountSpec mount;
        mount.type = engine::MountSpec::Type::volume;
        mount.target = bare(target);
        mount.driver = spec.volume_driver;
        spec.mounts.push_back(std::move(mount));
    }
}

ContainerSpec merge_image(ContainerSpec spec, const oci::RunConfig& image) {
    merge_command(spec, image);
    merge_health_check(spec, image);
    merge_volumes(spec, image);
    spec.env = merge_env(image.env, spec.env);
    if (spec.user.empty()) spec.user = image.user;
    if (spec.working_dir.empty()) spec.working_dir = image.working_dir;
    if (spec.stop_signal.empty()) spec.stop_signal = image.stop_signal;
    for (const auto& [key, value] : image.labels) spec.labels.try_emplace(key, value);
    for (const auto& port : image.exposed_ports)
        if (std::ranges::find(spec.exposed_ports, port) == spec.exposed_ports.end()) spec.exposed_ports.push_back(port);
    return spec;
}

std::vector<std::string> arguments(const ContainerSpec& merged) {
    std::vector<std::string> out = merged.entrypoint.value_or(std::vector<std::string>{});
    if (merged.command) out.insert(out.end(), merged.command->begin(), merged.command->end());
    // [""] is how a command line takes the image's entrypoint away.
    if (!out.empty() && out.front().empty()) out.erase(out.begin());
    if (out.empty())
        throw base::Error(base::ErrorKind::invalid, base::cat("no command specified for image ", merged.image),
                          "give a command, or an image that has one");
    return out;
}

std::string command_line(const std::vector<std::string>& arguments) { return base::join(arguments, " "); }

std::string command_column(const std::vector<std::string>& arguments) {
    std::vector<std::string> shown = arguments;
    for (std::size_t i = 1; i < shown.size(); ++i)
        if (shown[i].find(' ') != std::string::npos) shown[i] = base::cat("'", shown[i], "'");
    return command_line(shown);
}

}  // namespace tutti::embedded
