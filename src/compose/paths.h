// Paths in a model become absolute, or relative to the including file's folder. Used by load for each file, its
// extended and included ones. Knows which attributes are paths; leaves URLs, `service:x`, remote resources and Windows
// paths alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::compose {

struct PathBase {
    std::string folder;  // relative paths start here; may be relative itself (of an included file)
    std::string home;    // for `~`; empty: unknown
    const base::Files& files;
};

bool resolve_paths(doc::Node& model, const PathBase& base, doc::Diagnostics& diagnostics);  // false after an error

std::string expand_home(std::string_view path,
                        std::string_view home);  // `~` and `~x` are both below home, as Compose has it
// Without symbolic links; nothing if there is no such file or the links go round in circles. `path` is absolute.
std::optional<std::string> real_path(std::string path, const base::Files& files);
bool is_windows_absolute(std::string_view path);  // c:\x, \\host\share, \\.\pipe\x
bool is_remote(std::string_view path);            // a git URL or oci://: not a file here

}  // namespace tutti::compose
