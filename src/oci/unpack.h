// A layer's archive becomes files below one folder, in overlay's form: whiteouts as 0:0 devices, opaque folders by
// attribute. Used by embedded/images. Whatever the archive says, nothing outside the folder is read, written or linked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/stream.h"
#include "os/fd.h"

namespace tutti::oci {

struct UnpackLimits {
    std::int64_t bytes = INT64_MAX;  // of files' contents
    std::int64_t entries = 20'000'000;
};

struct Unpacked {
    std::int64_t bytes = 0, entries = 0;
};

// `tar` is uncompressed and is read to its end. With `skeleton` (an open, empty file) everything but the files'
// contents is kept there, so that write_from_skeleton can write the same bytes again; contents that the archive itself
// replaces later are moved to `replaced`, a folder. Throws Error: invalid (damage, an entry that leaves its root),
// unavailable (disk full).
Unpacked unpack(base::Source& tar, const os::Fd& root, const UnpackLimits& limits, base::Sink* skeleton = nullptr,
                const os::Fd* replaced = nullptr);

// The archive that was unpacked, byte for byte as long as nobody touched the files.
void write_from_skeleton(base::Source& skeleton, const os::Fd& root, const os::Fd* replaced, base::Sink& to);

}  // namespace tutti::oci
