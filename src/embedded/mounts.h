// From the mounts of a spec to those of a box: volumes made and filled, host paths checked, files written, images
// unfolded. Used by create (prepare) and start (resolve).
#pragma once

#include <string>
#include <vector>

#include "embedded/parts.h"
#include "embedded/runtime/oci_config.h"

namespace tutti::embedded {

// At create: anonymous volumes get names, volumes_from is spelled out, volumes exist and hold what the image has there.
// Adds to config.spec.mounts and config.anonymous_volumes. `image_layers`: topmost first.
void prepare_mounts(Parts& parts, records::Config& config, const std::vector<std::string>& image_layers);

std::vector<engine::MountPoint> mount_points(Parts& parts, const engine::ContainerSpec& spec);

struct ResolvedMounts {
    std::vector<runtime::BoxMount> mounts;  // parents before what lies below them
    std::vector<os::Fd> keep;               // what paths in them lead through; to be kept until the box is made
};
// At start. `system_files`: target → host path, of /etc/hosts and the like; a mount of the user at such a target wins.
ResolvedMounts resolve_mounts(Parts& parts, const records::Config& config, const std::string& run_folder,
                              const std::vector<std::pair<std::string, std::string>>& system_files);

}  // namespace tutti::embedded
