// One RUN: a command in a box over the stage's layers, its output passed on, its writes left in the step's upper
// folder. Used by the builder. Decides nothing about caching.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "embedded/build/rootfs.h"
#include "embedded/build/state.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/runtime.h"
#include "os/scope.h"

namespace tutti::embedded::build {

// The network of a RUN: how it is joined and what /etc/hosts and /etc/resolv.conf say there.
struct RunNetwork {
    runtime::Share share{.kind = runtime::Share::Kind::host};
    std::string hosts, resolv_conf;  // contents
    std::shared_ptr<void> hold;      // lives as long as the box: gives the network back
};

struct RunRequest {
    std::string id;
    std::vector<std::string> words;        // the command
    std::vector<std::string> environment;  // "K=V"
    std::string user, working_dir, hostname;
    std::vector<std::string> lower;         // highest first; may be empty
    std::vector<runtime::BoxMount> mounts;  // of --mount
    std::vector<std::string> stubs;  // mount points, cleaned, from the root: taken away again if they were not there
    const RunNetwork* network = nullptr;
    bool privileged = false;
    std::vector<std::pair<std::string, std::string>> extra_hosts;
    std::int64_t shm_size = 0;
    std::vector<runtime::BoxUlimit> ulimits;
};

// Its exit code. `output` gets standard output and error as they come.
int run_step(runtime::Runtime& runtime, const runtime::Machine& machine, const std::string& run_folder,
             const StepFolder& step, const RunRequest& request, const std::function<void(std::string_view)>& output,
             const os::Cancel& cancel);

}  // namespace tutti::embedded::build
