// Names and ids of images as tables show them. Used by images, image ls and what lists images otherwise.
// Parses for showing only; what a reference may be is the engine's to say.
#pragma once

#include <string>
#include <string_view>

namespace tutti::cli {

struct NameParts {
    std::string repository, tag;
};
// "docker.io/library/busybox:1" → "busybox", "1"; no tag is "latest", an id is nothing at all.
NameParts split_name(std::string reference);

std::string short_id(std::string_view id);  // "sha256:0123456789abcdef…" → "0123456789ab"

}  // namespace tutti::cli
