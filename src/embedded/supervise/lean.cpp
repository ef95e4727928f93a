#include "embedded/supervise/lean.h"

#include <malloc.h>
#include <sys/mman.h>

#include <charconv>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::embedded::supervise {

namespace {

struct Mapping {
    std::uintptr_t begin = 0, end = 0;
    bool of_file = false, written = true;  // written: it holds what is in no file
};

// "55d0…-55d0… r-xp 00001000 fe:00 1234   /usr/bin/tutti"
Mapping head_of(std::string_view line) {
    Mapping out;
    const char* end = line.data() + line.size();
    const auto first = std::from_chars(line.data(), end, out.begin, 16);
    if (first.ptr == end || *first.ptr != '-') return out;
    const auto second = std::from_chars(first.ptr + 1, end, out.end, 16);
    const std::string_view rest(second.ptr, static_cast<std::size_t>(end - second.ptr));
    out.of_file = rest.size() > 5 && rest[1] == 'r' && rest[2] == '-' && rest[4] == 'p' &&
                  rest.find('/') != std::string_view::npos;
    return out;
}

void drop(const Mapping& mapping) {
    if (!mapping.of_file || mapping.written) return;
    ::madvise(reinterpret_cast<void*>(mapping.begin), mapping.end - mapping.begin, MADV_DONTNEED);
}

}  // namespace

void grow_lean() {
    ::malloc_trim(0);
    std::string smaps;
    try {
        smaps = os::read_file("/proc/self/smaps");
    } catch (const base::Error&) { return; }
    Mapping mapping;
    for (const std::string_view line : base::split(std::string_view(smaps), '\n')) {
        if (line.empty()) continue;
        if (line.front() < 'A' || line.front() > 'Z') {
            mapping = head_of(line);
        } else if (line.starts_with("Anonymous:")) {
            mapping.written = line.find(" 0 kB") == std::string_view::npos;
        } else if (line.starts_with("VmFlags:")) {  // the last of a mapping
            drop(mapping);
        }
    }
}

}  // namespace tutti::embedded::supervise
