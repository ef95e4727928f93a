// `tutti runtime …`: runc's command line over the native maker, for Podman, containerd and the field's test suites.
// app/main hands over before anything else is looked at. Reads no environment itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tutti::embedded::runtime {

struct CommandContext {
    std::string version;
    std::string run_dir;                        // where the shim's program is laid down; private
    std::string cache_dir;                      // compiled seccomp filters
    std::string root;                           // the default of --root
    std::vector<std::string> environment = {};  // the caller's, for hooks that name none
    bool cgroups = true;                        // set by --cgroup-manager
};

// `arguments`: what follows "runtime". The exit status; failures are printed to standard error (and to --log).
int run_command(const std::vector<std::string>& arguments, const CommandContext& context);

}  // namespace tutti::embedded::runtime
