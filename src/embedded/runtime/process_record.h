// FOLDER/process.json (and seccomp.json): what an exec inherits from its box: capabilities, limits, labels, filter.
// Written at create; the filter's JSON is read only where its compiled form is no longer in the cache.
#pragma once

#include <optional>
#include <string>

#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime {

struct ProcessRecord {
    Process process;
    std::optional<NamedUser> user;
    bool has_filter = false;
    std::string filter_path;  // compiled; empty: nowhere
    std::uint32_t filter_flags = 0;
};

void write_process_record(const Box& box, const Spec& spec, const std::optional<NamedUser>& user,
                          const std::string& filter_path, std::uint32_t filter_flags);
ProcessRecord read_process_record(const Box& box);  // throws Error
Seccomp read_seccomp_record(const Box& box);

}  // namespace tutti::embedded::runtime
