// A folder in overlay's form becomes a layer's archive: the reverse of unpack, with bytes that depend on the files
// alone. Used for layers that were made here: commit, build, bootstrap.
#pragma once

#include "base/stream.h"
#include "os/fd.h"

namespace tutti::oci {

// Names sorted bytewise, whole seconds, no owners' names; overlay's devices and marks become whiteouts; sockets are
// left out.
void pack(const os::Fd& root, base::Sink& to);

}  // namespace tutti::oci
