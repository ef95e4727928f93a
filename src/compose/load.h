// The loader: Compose files → a complete, canonical, checked project. Used by cli for every command that reads files.
// The order of the steps is Compose's own and part of the contract. Does no engine work and touches no network by
// itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "compose/environment.h"
#include "doc/diagnostics.h"
#include "doc/node.h"
#include "model/project.h"

namespace tutti::compose {

struct LoadOptions {
    std::vector<std::string> files;  // -f in order, "-" is standard input; none: COMPOSE_FILE, else the search upward
    std::string project_name;        // -p
    std::string project_directory;   // --project-directory
    std::vector<std::string> profiles;   // --profile; none: COMPOSE_PROFILES
    std::vector<std::string> env_files;  // --env-file; none: COMPOSE_ENV_FILES, else `.env`
    std::vector<std::string> services;   // only these (globs) and what they depend on; none: all

    std::map<std::string, std::string> environment;  // of the process
    std::string cwd;                                 // absolute

    bool interpolate = true;               // --no-interpolate; false loads the tree only, no project
    bool normalize = true;                 // --no-normalize
    bool resolve_paths = true;             // --no-path-resolution
    bool check_consistency = true;         // --no-consistency
    bool check_schema = true;              // off for --variables
    bool resolve_environment = true;       // --no-env-resolution: leave env_file as it is
    bool only_selected_env_files = false;  // of other services they may be missing: up NAME, not config NAME
    bool all_resources = false;            // --all-resources: keep what no service uses
};

// Makes a remote file (git URL, oci://) local and returns its path. Throws base::Error.
using Fetch = std::function<std::string(std::string_view reference)>;

struct Loaded {
    model::Project project;  // empty when nothing was interpolated
    doc::Node tree;    // all services, before profiles and selection; marks and origins say where each value is from
    std::string name;  // of the project
    std::string working_dir;         // absolute
    std::vector<std::string> files;  // the Compose files, absolute, "-" for standard input
    Environment environment;         // what the files were interpolated with
};

// Everything wrong in what a person wrote goes to `diagnostics`; when it holds errors the result is not to be used.
// Every file that was read is in `sources` then, for printing them.
Loaded load(const LoadOptions& options, const base::Files& files, const Fetch& fetch, doc::Sources& sources,
            doc::Diagnostics& diagnostics);

// The environment of the process plus the COMPOSE_* variables of the env files, which count as if exported
// (COMPOSE_ANSI, COMPOSE_PROGRESS, …). `load` does this by itself.
std::map<std::string, std::string> with_compose_variables(const LoadOptions& options, const base::Files& files,
                                                          doc::Sources& sources, doc::Diagnostics& diagnostics);

}  // namespace tutti::compose
