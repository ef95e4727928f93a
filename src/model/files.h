// Secrets and configs: what they are (top level) and where a service wants them.
// Used by service.h, build.h, project.h.
// Contents are read when the project is loaded (`environment`) or when the container is made (`file`).
#pragma once

#include "model/common.h"

namespace tutti::model {

// A secret or config at the top level.
struct FileObject {
    std::string name, file, environment;
    std::string content;  // of a config as written; of an `environment` one as found there
    bool external = false;
    Mapping labels;
    std::string driver;
    Mapping driver_opts;
    std::string template_driver;
    Extensions extensions;

    bool operator==(const FileObject&) const = default;
};

// One entry of a service's `secrets` or `configs`.
struct FileReference {
    std::string source, target, uid, gid;
    std::optional<FileMode> mode;
    Extensions extensions;

    bool operator==(const FileReference&) const = default;
};

}  // namespace tutti::model
