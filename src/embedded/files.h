// Files of a container from outside: looked at, taken out, put in, exported, committed. Running or not.
// Used by the container face. Every path is resolved by the kernel inside the container's root, so no link of the
// container leads out of it, not even one that changes meanwhile.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "embedded/parts.h"

namespace tutti::embedded {

// Runs `work` with the container's root: as its processes see it while it runs, else layers and volumes put together.
void with_files(Parts& parts, const records::Folder& folder, const std::function<void(const os::Fd& root)>& work);

void pack_path(const os::Fd& root, const std::string& path, const std::function<void(std::string_view)>& sink);
void unpack_into(const os::Fd& root, const std::string& folder, const std::function<std::string()>& source,
                 bool keep_owner);
std::optional<engine::Containers::PathStat> stat_inside(const os::Fd& root, const std::string& path);

void export_files(Parts& parts, const records::Folder& folder, const std::function<void(std::string_view)>& sink);
std::string commit_container(Parts& parts, const records::Folder& folder,
                             const engine::Containers::CommitOptions& options);

}  // namespace tutti::embedded
