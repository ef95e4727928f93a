// Paths inside an untrusted root: resolved by the kernel so that no link and no ".." leads out of it.
// Used by unpack and pack. Linux 5.6 or newer (openat2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "os/fd.h"

namespace tutti::oci {

// "./a//b/../c/" → "a/c"; "" is the root itself. Nothing: it would climb out.
std::optional<std::string> clean_path(std::string_view path);

struct Split {
    std::string folder, name;  // "a/b" → {"a", "b"}
};
Split split_path(const std::string& clean);

// Opens as if `root` were "/": symbolic links inside are followed within it, /proc's magic links never.
// Nothing if it does not exist or is not of the asked kind; other failures throw Error.
std::optional<os::Fd> open_inside(const os::Fd& root, const std::string& clean, int flags);

}  // namespace tutti::oci
