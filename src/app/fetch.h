// A Compose file in a git repository → a local copy, by the git program, kept in the user's cache by commit.
// Used by main for -f, include and extends of remote files. OCI artifacts are refused by name.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tutti::app {

// "https://host/repo.git#ref:folder" → the path of the Compose file. Throws base::Error.
std::string fetch(std::string_view reference, const std::map<std::string, std::string>& environment);

}  // namespace tutti::app
