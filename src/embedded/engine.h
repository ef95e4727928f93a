// Our own container engine, without a daemon: every call does its work in this process, what lasts is records on disk,
// a shim per container and one supervisor per project. Made by app; the faces are in the files of their names.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/stream.h"
#include "engine/engine.h"
#include "oci/registry.h"

namespace tutti::embedded {

struct EnginePaths {
    std::string root = "/var/lib/tutti";  // on disk: images, containers, volumes, networks
    std::string run = "/run/tutti";       // on tmpfs: what lives no longer than the machine runs
    // How this program is started again for its inner work; "internal …" follows. Absolute, as it outlives this
    // process.
    std::vector<std::string> program;
    std::string version;  // of this program
    oci::Registries registries;
    // For building: what git and ssh need, and how ADD gets a URL (its Last-Modified in seconds, 0 if unknown).
    std::map<std::string, std::string> environment;
    std::function<std::int64_t(const std::string& url, base::Sink& to, const os::Cancel& cancel)> fetch;
};

std::unique_ptr<engine::Engine> open_engine(const EnginePaths& paths);

// `PROGRAM internal ROOT RUN WORK …`: the supervisor of a project, and work on its behalf. `args` is what follows
// "internal"; returns the exit code.
int internal_main(const std::vector<std::string>& program, std::span<const std::string> args);

}  // namespace tutti::embedded
