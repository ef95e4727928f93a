// Command lines: no input crashes, and words come out no longer than the line.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto line = tutti::model::split_command(text);
    if (!line) return 0;
    std::size_t letters = 0;
    for (const auto& word : line->words) letters += word.size();
    if (letters + line->dropped.size() > size) std::abort();
    return 0;
}
