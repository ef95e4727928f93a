#include "embedded/volumes.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "embedded/list.h"
#include "embedded/volume_source.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

static constexpr const char* anonymous_label = "com.docker.volume.anonymous";

std::vector<std::string> users_of_volume(Parts& parts, const std::string& name) {
    std::vector<std::string> out;
    for_each_container(parts, [&](const records::Folder& folder, const records::Evidence& evidence) {
        const bool uses = std::ranges::any_of(
            evidence.state.mounts, [&](const auto& mount) { return mount.type == "volume" && mount.name == name; });
        if (uses) out.push_back(folder.id());
    });
    return out;
}

static engine::Volume to_engine(Parts& parts, const store::VolumeRecord& record) {
    engine::Volume out;
    out.name = record.name;
    out.driver = record.driver;
    out.driver_opts = record.options;
    out.labels = record.labels;
    if (record.anonymous) out.labels.try_emplace(anonymous_label);
    out.mountpoint = parts.volumes().data_folder(record.name);
    out.created = base::parse_rfc3339(record.created).value_or(engine::Time{});
    return out;
}

std::vector<engine::Volume> VolumesFace::list(const engine::LabelFilter& labels) {
    std::vector<engine::Volume> out;
    for (const auto& record : parts_.volumes().list()) {
        auto volume = to_engine(parts_, record);
        if (engine::matches(volume.labels, labels)) out.push_back(std::move(volume));
    }
    return out;
}

std::optional<engine::Volume> VolumesFace::find(const std::string& name) {
    const auto record = parts_.volumes().find(name);
    if (!record) return std::nullopt;
    return to_engine(parts_, *record);
}

std::string VolumesFace::create(const engine::VolumeSpec& spec) {
    store::VolumeRecord wanted;
    wanted.anonymous = spec.name.empty();
    wanted.name = wanted.anonymous ? records::random_id() : spec.name;
    wanted.driver = spec.driver.empty() ? "local" : spec.driver;
    wanted.options = spec.driver_opts;
    wanted.labels = spec.labels;
    wanted.created = base::to_rfc3339(std::chrono::system_clock::now());
    if (wanted.driver != "local")
        throw Error(ErrorKind::unsupported, cat("volume driver ", wanted.driver, " is not supported"),
                    "only the driver 'local' is; leave `driver` out");
    check_options(wanted);
    const bool is_new = !parts_.volumes().find(wanted.name);
    const auto made = parts_.volumes().create(wanted);
    if (is_new) records::tell(parts_.events(), "volume", "create", made.name, {{"driver", made.driver}});
    return made.name;
}

void VolumesFace::remove(const std::string& name, bool force) {
    if (!parts_.volumes().find(name)) {
        if (force) return;
        throw Error(ErrorKind::not_found, cat("get ", name, ": no such volume"));
    }
    const auto users = users_of_volume(parts_, name);
    if (!users.empty())
        throw Error(ErrorKind::conflict, cat("remove ", name, ": volume is in use - [", base::join(users, ", "), "]"));
    parts_.volumes().remove(name);
    records::tell(parts_.events(), "volume", "destroy", name, {{"driver", "local"}});
}

std::vector<std::string> VolumesFace::prune(bool all, const engine::LabelFilter& labels) {
    std::vector<std::string> out;
    for (const auto& volume : list(labels)) {
        if (!all && !volume.labels.contains(anonymous_label)) continue;
        if (!users_of_volume(parts_, volume.name).empty()) continue;
        remove(volume.name, true);
        out.push_back(volume.name);
    }
    return out;
}

}  // namespace tutti::embedded
