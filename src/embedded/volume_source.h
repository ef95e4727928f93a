// What a volume of the driver `local` with options stands for: a bind of a folder, or a file system that is mounted.
// Used by mounts.cpp and the volumes face.
#pragma once

#include "embedded/runtime/oci_config.h"
#include "embedded/store/volumes.h"

namespace tutti::embedded {

bool has_source(const store::VolumeRecord& volume);  // its data is not in its own folder

// Throws Error unsupported or invalid for options that Docker would refuse.
void check_options(const store::VolumeRecord& volume);

// Fills in how the volume gets into a box.
void open_source(const store::VolumeRecord& volume, const std::string& data_folder, runtime::BoxMount& box);

}  // namespace tutti::embedded
