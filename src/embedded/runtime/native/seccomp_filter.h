// Compiles a seccomp profile to BPF with libseccomp, once per content: Docker's default takes it 8 ms.
// The static shim loads what comes out; it knows no libseccomp.
#pragma once

#include <cstdint>
#include <string>

#include "embedded/runtime/process_record.h"
#include "embedded/runtime/spec.h"

namespace tutti::embedded::runtime::native {

struct Filter {
    std::string program;      // struct sock_filter[]
    std::uint32_t flags = 0;  // SECCOMP_FILTER_FLAG_*
    std::string path;         // where it lies in the cache; empty: nowhere
};

Filter compile_filter(const Seccomp& profile);
// The same through CACHE_DIR/seccomp-HASH; an empty folder: no cache.
Filter cached_filter(const Seccomp& profile, const std::string& cache_dir);
// What a box was given, for an exec: from where it lies compiled, or compiled anew. A box with a filter never gets
// none.
Filter recorded_filter(const Box& box, const ProcessRecord& record, const std::string& cache_dir);

}  // namespace tutti::embedded::runtime::native
