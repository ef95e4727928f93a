#include "cli/image_names.h"

namespace tutti::cli {

NameParts split_name(std::string reference) {
    if (reference.starts_with("sha256:")) return {};
    for (const std::string_view familiar : {"docker.io/library/", "docker.io/"})
        if (reference.starts_with(familiar)) reference.erase(0, familiar.size());
    if (const auto at = reference.find('@'); at != std::string::npos) reference.erase(at);
    const auto slash = reference.rfind('/');
    const auto colon = reference.find(':', slash == std::string::npos ? 0 : slash);
    return {reference.substr(0, colon), colon == std::string::npos ? "latest" : reference.substr(colon + 1)};
}

std::string short_id(std::string_view id) {
    if (const auto colon = id.find(':'); colon != std::string_view::npos) id.remove_prefix(colon + 1);
    return std::string(id.substr(0, 12));
}

}  // namespace tutti::cli
