// How a service's image is built: the `build` section.
// Used by the builder and by check.
// Not the building itself.
#pragma once

#include "model/files.h"

namespace tutti::model {

struct SshKey {
    std::string id;
    std::string path;  // empty: the agent of the user
    bool operator==(const SshKey&) const = default;
};

struct Build {
    std::string context, dockerfile, dockerfile_inline;
    Texts entitlements;
    Environment args;
    std::string provenance, sbom;
    std::vector<SshKey> ssh;
    Mapping labels;
    Texts cache_from, cache_to;
    bool no_cache = false;
    Texts no_cache_filter;
    Mapping additional_contexts;
    bool pull = false;
    Hosts extra_hosts;
    std::string isolation, network, target;
    std::vector<FileReference> secrets;
    Bytes shm_size;
    Texts tags;
    Named<Ulimit> ulimits;
    Texts platforms;
    bool privileged = false;
    Extensions extensions;

    bool operator==(const Build&) const = default;
};

}  // namespace tutti::model
