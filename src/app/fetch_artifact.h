// A Compose project that was published to a registry (`publish`) → its files in a folder.
// Used by fetch.
// Knows no cache but the folder it is given.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tutti::app {

// "oci://host/name:tag" → the path of its compose.yaml, in a folder named by digest below `cache`. Throws base::Error:
// what the registry says, or invalid for something else than a Compose project.
std::string fetch_artifact(std::string_view reference, const std::map<std::string, std::string>& environment,
                           const std::string& cache);

}  // namespace tutti::app
