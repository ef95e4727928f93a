// The lines of `commit --change` and `import --change`: Dockerfile instructions that alter only an image's config.
// Used by the faces of containers and images.
// Runs nothing and makes no layer.
#pragma once

#include <string>
#include <vector>

#include "oci/image.h"

namespace tutti::embedded::build {

// CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR. Throws Error (invalid).
void apply_changes(const std::vector<std::string>& changes, oci::ImageConfig& config);

}  // namespace tutti::embedded::build
