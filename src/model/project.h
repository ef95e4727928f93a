// Everything that is wanted: a project as its files, variables and flags define it. Complete, canonical, an immutable
// value. Used by every room above; made by compose::load. Knows no file positions: see compose's Provenance.
#pragma once

#include "model/common.h"
#include "model/files.h"
#include "model/network.h"
#include "model/service.h"
#include "model/volume.h"

namespace tutti::model {

// An entry of the top-level `models`.
struct AiModel {
    std::string name, model;
    std::int64_t context_size = 0;
    Texts runtime_flags;
    Extensions extensions;

    bool operator==(const AiModel&) const = default;
};

struct Project {
    std::string name;
    Named<Service> services;  // the enabled ones
    Named<Network> networks;
    Named<Volume> volumes;
    Named<FileObject> secrets, configs;
    Named<AiModel> models;
    Extensions extensions;

    std::string working_dir;                 // absolute
    std::vector<std::string> compose_files;  // absolute, in order; "-" for standard input
    Mapping environment;                     // what interpolation saw
    std::vector<std::string> profiles;       // active ones
    Named<Service> disabled_services;        // by profile or selection

    bool operator==(const Project&) const = default;
};

}  // namespace tutti::model
