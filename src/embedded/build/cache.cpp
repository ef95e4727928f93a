#include "embedded/build/cache.h"

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"

namespace tutti::embedded::build {

using base::cat;

Cache::Cache(std::string folder) : folder_(std::move(folder)) {
    os::make_folders(folder_ + "/steps");
    os::make_folders(folder_ + "/mounts");
}

std::optional<CachedStep> Cache::find(const base::Digest& key) const {
    const std::string path = cat(folder_, "/steps/", key.hex(), ".json");
    const auto text = os::read_file_if_exists(path);
    if (!text) return std::nullopt;
    const doc::Node node = doc::parse_json(*text, path);
    const auto layer = base::Digest::parse(node.text_or("layer"));
    if (!layer) return std::nullopt;
    return CachedStep{*layer, node.text_or("created")};
}

void Cache::put(const base::Digest& key, const CachedStep& step) {
    doc::Node node = doc::Node::map();
    node.set("layer", doc::Node(step.layer.to_text()));
    node.set("created", doc::Node(step.created));
    os::write_file(cat(folder_, "/steps/", key.hex(), ".json"), doc::write_json(node));
}

Cache::MountFolder Cache::mount_folder(const std::string& id, const std::string& sharing) {
    const std::string base = cat(folder_, "/mounts/", base::Digest::of(id).hex());
    for (int n = 0;; ++n) {
        MountFolder out{.path = n == 0 ? base : cat(base, '-', n), .lock = std::nullopt};
        if (sharing == "locked") out.lock = os::FileLock::wait(out.path + ".lock");
        if (sharing == "private") {
            out.lock = os::FileLock::try_now(out.path + ".lock");
            if (!out.lock) continue;
        }
        out.fresh = !os::exists(out.path);
        os::make_folders(out.path, 0755);
        return out;
    }
}

}  // namespace tutti::embedded::build
