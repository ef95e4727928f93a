// Any bytes as a Dockerfile: no crash, no hang, and what is read has places inside the file.
#include <cstdint>

#include "embedded/build/instructions.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    tutti::doc::Diagnostics diagnostics;
    const auto file = tutti::embedded::build::parse_dockerfile(text, 0, diagnostics);
    tutti::embedded::build::read_instructions(file, diagnostics);
    return 0;
}
