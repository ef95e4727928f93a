// The first line as a path, the rest as a .dockerignore: no crash, and no pattern takes for ever.
#include <cstdint>

#include "base/ignore.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto newline = text.find('\n');
    if (newline == std::string_view::npos) return 0;
    const tutti::base::IgnoreRules rules(text.substr(newline + 1));
    rules.ignored(text.substr(0, newline));
    rules.may_hold_exceptions(text.substr(0, newline));
    return 0;
}
