// JSON text → Node → JSON text → the same text again.
#include <cstdlib>

#include "doc/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tutti::doc;
    Diagnostics diagnostics;
    const auto node = read_json({reinterpret_cast<const char*>(data), size}, 0, diagnostics);
    if (node.has_value() == diagnostics.failed()) std::abort();
    if (!node) return 0;
    const std::string written = write_json(*node);
    const auto again = read_json(written, 0, diagnostics);
    if (!again || write_json(*again) != written) std::abort();
    write_json(*node, {.pretty = true, .sort_keys = true});
    return 0;
}
