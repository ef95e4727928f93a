// A Compose file elsewhere → a local copy in the user's cache: of a git repository by the git program, kept by commit;
// of an OCI artifact by the registry protocol, kept by digest. Used by main for -f, include and extends of remote
// files.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tutti::app {

// "https://host/repo.git#ref:folder" or "oci://host/name:tag" → the path of the Compose file. Throws base::Error.
std::string fetch(std::string_view reference, const std::map<std::string, std::string>& environment);

}  // namespace tutti::app
