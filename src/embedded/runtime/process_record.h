// FOLDER/process.json: what an exec inherits from its box (capabilities, limits, labels, filter). Written at create.
#pragma once

#include <optional>

#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime {

struct ProcessRecord {
    Process process;
    std::optional<Seccomp> seccomp;
};

void write_process_record(const Box& box, const Spec& spec);
ProcessRecord read_process_record(const Box& box);  // throws Error

}  // namespace tutti::embedded::runtime
