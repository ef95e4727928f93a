#include "embedded/volume_source.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

static std::string option(const store::VolumeRecord& volume, const std::string& key) {
    const auto found = volume.options.find(key);
    return found == volume.options.end() ? std::string() : found->second;
}

bool has_source(const store::VolumeRecord& volume) {
    return !option(volume, "device").empty() || !option(volume, "type").empty();
}

void check_options(const store::VolumeRecord& volume) {
    for (const auto& [key, value] : volume.options) {
        if (key == "size")
            throw Error(ErrorKind::unsupported, cat("volume ", volume.name, ": the option size needs project quotas"),
                        "for a bounded volume use type: tmpfs with o: size=…");
        if (key != "type" && key != "device" && key != "o")
            throw Error(ErrorKind::invalid, cat("invalid option \"", key, "\" of volume ", volume.name),
                        "the driver local knows type, device and o");
    }
    if (has_source(volume) && option(volume, "device").empty())
        throw Error(ErrorKind::invalid, cat("missing device in volume options of ", volume.name));
}

void open_source(const store::VolumeRecord& volume, const std::string& data_folder, runtime::BoxMount& box) {
    if (!has_source(volume)) {
        box.source = data_folder;
        return;
    }
    std::vector<std::string> options;
    bool bind = false;
    const std::string given = option(volume, "o");
    for (const auto word : base::split(given, ',')) {
        if (word == "bind" || word == "rbind")
            bind = true;
        else if (word == "ro")
            box.read_only = true;
        else if (!word.empty())
            options.emplace_back(word);
    }
    box.source = option(volume, "device");
    if (bind || option(volume, "type") == "bind") {
        if (!os::exists(box.source))
            throw Error(ErrorKind::not_found,
                        cat("failed to mount volume ", volume.name, ": no such file or directory: ", box.source));
        return;
    }
    box.kind = runtime::BoxMount::Kind::other;
    box.type = option(volume, "type");
    box.options = std::move(options);
}

}  // namespace tutti::embedded
