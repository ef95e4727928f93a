// Which references name files elsewhere: git repositories and OCI artifacts. Only the text is looked at.
// Used by load to tell remote files from local ones, and by whoever fetches them (see Fetch in load.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tutti::compose {

// "https://host/repo.git#ref:folder": what git is to be asked for.
struct GitReference {
    std::string remote;     // without ref and folder
    std::string reference;  // branch, tag or commit; empty: the default branch
    std::string folder;     // inside the repository; cleaned, never outside it

    bool operator==(const GitReference&) const = default;
};

std::optional<GitReference> parse_git_reference(std::string_view text);
bool is_artifact(std::string_view text);  // oci://…
bool is_remote(std::string_view text);    // one of both

// Files of an artifact lie in one folder: no separators, no `..`, not empty.
bool is_artifact_file_name(std::string_view name);

}  // namespace tutti::compose
