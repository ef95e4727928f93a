// An archive becomes plain files below one folder that others use meanwhile: copies into and out of containers.
// Used by embedded and by `cp`. Nothing outside the folder is written or linked, whatever the archive says and whatever
// links lie in the folder.
#pragma once

#include <functional>
#include <string>

#include "base/stream.h"
#include "os/fd.h"

namespace tutti::oci {

struct UnpackFiles {
    bool keep_owner = false;                                     // else files are of who unpacks them
    std::function<std::string(const std::string& path)> rename;  // of entries; null: as they are
};

// `folder` is open for reading. Throws Error: invalid (damage, an entry that leaves the folder, a folder over a file).
void unpack_files(base::Source& tar, const os::Fd& folder, const UnpackFiles& options);

}  // namespace tutti::oci
