// A folder in overlay's form becomes a layer's archive: the reverse of unpack, with bytes that depend on the files
// alone. Used for layers that were made here: commit, build, bootstrap.
#pragma once

#include <string>
#include <vector>

#include "base/stream.h"
#include "os/fd.h"

namespace tutti::oci {

// Names sorted bytewise, whole seconds, no owners' names; overlay's devices and marks become whiteouts; sockets are
// left out.
void pack(const os::Fd& root, base::Sink& to);

// Files as they are seen, without overlay's marks: one file or folder under the name `as`, or all below a root. For
// copies and exports.
void pack_entry(const os::Fd& folder, const std::string& name, const std::string& as, base::Sink& to);
void pack_files(const os::Fd& root, base::Sink& to);

// Paths of this machine under other names, each alone: of a folder only the folder. Those that are gone are left out.
struct PackedAs {
    std::string path, as;
};
void pack_paths(const std::vector<PackedAs>& paths, base::Sink& to);

}  // namespace tutti::oci
