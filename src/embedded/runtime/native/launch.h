// Starting shims: what both makers do with a plan once it is lowered. Knows nothing of how a box is made.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "embedded/runtime/process_record.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime::native {

// What is known of a box before it is made; its cgroup is still open.
Box describe_box(const Spec& spec, const CreateOptions& options, std::string_view runtime);
// Starts its shim and waits until the box is made: fills pids and notes. Throws what the shim tells, and takes the
// records back.
void launch_box(Box& box, const CreateOptions& options, const os::Fd& shim, std::string_view plan);

// The process of an exec with what the box gives for what the request leaves open. Throws Error conflict for a box that
// does not run or is paused.
ExecSpec complete_exec(const Box& box, const ExecSpec& spec, const ProcessRecord& record);
std::unique_ptr<ExecProcess> launch_exec(const Box& box, const ExecSpec& spec, const os::Fd& shim,
                                         std::string_view plan);

}  // namespace tutti::embedded::runtime::native
