// An OCI spec becomes a plan (embedded/shim/plan.h): everything that can be decided is decided here, in the big
// program. Pure; refuses by name what native does not do. The static shim only follows.
#pragma once

#include <string>
#include <string_view>

#include "embedded/runtime/native/hierarchies.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime::native {

struct LowerInput {
    const Spec& spec;
    const CreateOptions& options;
    const Hierarchies& hierarchies;
    std::string_view filter;  // compiled seccomp program: struct sock_filter[]
    std::uint32_t filter_flags = 0;
};

struct Lowered {
    std::string plan;
    std::string cgroup;                       // below each hierarchy
    std::vector<std::string> cgroup_folders;  // absolute
};

Lowered lower(const LowerInput& input);

struct LowerExecInput {
    const Process& process;
    const ExecSpec& exec;
    const Box& box;
    std::uint32_t join_flags = 0;
    const Hierarchies& hierarchies;
    std::string_view filter;
    std::uint32_t filter_flags = 0;
};
std::string lower_exec(const LowerExecInput& input);

}  // namespace tutti::embedded::runtime::native
