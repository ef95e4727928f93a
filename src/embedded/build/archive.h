// Archives that ADD unpacks: tar, plain or in gzip, zstd, bzip2 and xz. Private to the builder.
// The first two are read by oci; for the others the programs bzip2 and xz are started, where they are installed.
#pragma once

#include <memory>

#include "base/stream.h"
#include "os/fd.h"
#include "os/scope.h"

namespace tutti::embedded::build {

// By its first bytes; a file that is none (or no regular file) is copied as it is.
bool looks_like_archive(const os::Fd& root, const std::string& path);

// The plain tar of it. Throws Error (unsupported) where the program for it is missing.
std::unique_ptr<base::Source> open_archive(const os::Fd& root, const std::string& path, const os::Cancel& cancel);

}  // namespace tutti::embedded::build
