// Command lines: no input crashes, and words come out no longer than the line.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto words = tutti::model::split_command(text);
    if (!words) return 0;
    std::size_t letters = 0;
    for (const auto& word : *words) letters += word.size();
    if (letters > size) std::abort();
    return 0;
}
