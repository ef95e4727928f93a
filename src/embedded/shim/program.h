// The static program that becomes the parent of each container. It travels inside this program and is laid down once
// per content, so all shims of a machine share its pages.
#pragma once

#include <string>
#include <string_view>

#include "os/fd.h"

namespace tutti::embedded::shim {

// RUN_DIR/shim-HASH, mode 0555, made if it is not there (safe against others doing the same).
std::string shim_program_path(const std::string& run_dir);

// The same program as a descriptor through which nobody can ever write to it, whatever a container does with
// /proc/PID/exe: on a detached read-only mount, or a sealed copy in memory where the kernel is older than 5.12.
os::Fd open_shim_program(const std::string& run_dir);

std::string_view shim_program_bytes();

}  // namespace tutti::embedded::shim
