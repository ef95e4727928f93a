// The name of an image as people write it: [domain/]path[:tag][@digest], with docker.io's short names.
// Used wherever an image is named. Does not look anything up.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace tutti::oci {

struct Reference {
    std::string domain;  // "docker.io", "localhost:5000"
    std::string path;    // "library/busybox"
    std::string tag;     // may be empty (a name alone, or only a digest)
    std::optional<base::Digest> digest;

    // Docker's rules; `busybox` becomes docker.io/library/busybox:latest unless a digest is given. Throws Error
    // (invalid) that names the fault as Docker does ("invalid reference format: …").
    static Reference parse(std::string_view text);
    static std::optional<Reference> try_parse(std::string_view text);

    std::string repository() const;           // "docker.io/library/busybox"
    std::string familiar_repository() const;  // "busybox"
    std::string to_text() const;              // "docker.io/library/busybox:latest"
    std::string familiar() const;             // "busybox:latest"

    bool operator==(const Reference&) const = default;
};

}  // namespace tutti::oci
