// Volumes at the top level, and the mounts of a service (bind, volume, tmpfs, image …) in their long form.
// Used by service.h and project.h; the short form is read by model/mounts.h.
// Not what is mounted: that is engine's.
#pragma once

#include "model/common.h"

namespace tutti::model {

struct Volume {
    std::string name, driver;
    Mapping driver_opts;
    bool external = false;
    Mapping labels;
    Extensions extensions;

    bool operator==(const Volume&) const = default;
};

struct BindOptions {
    std::string selinux, propagation;  // z or Z; rprivate, shared, …
    bool create_host_path = false;     // true unless written otherwise: the loader completes it
    std::string recursive;
    Extensions extensions;

    bool operator==(const BindOptions&) const = default;
};

struct VolumeOptions {
    Mapping labels;
    bool nocopy = false;
    std::string subpath;
    Extensions extensions;

    bool operator==(const VolumeOptions&) const = default;
};

struct TmpfsOptions {
    Bytes size;
    std::uint32_t mode = 0;
    Extensions extensions;

    bool operator==(const TmpfsOptions&) const = default;
};

struct ImageOptions {
    std::string subpath;
    Extensions extensions;

    bool operator==(const ImageOptions&) const = default;
};

struct Mount {
    std::string type;    // bind, volume, tmpfs, image, npipe, cluster
    std::string source;  // empty: an anonymous volume
    std::string target;
    bool read_only = false;
    std::string consistency;
    Boxed<BindOptions> bind;
    Boxed<VolumeOptions> volume;
    Boxed<TmpfsOptions> tmpfs;
    Boxed<ImageOptions> image;
    Extensions extensions;

    bool operator==(const Mount&) const = default;
};

struct Device {
    std::string source, target, permissions;
    Extensions extensions;

    bool operator==(const Device&) const = default;
};

}  // namespace tutti::model
