#include "oci/image.h"
#include "oci/reference.h"

using namespace tutti;

// What parses must be the same when its own text is parsed again, and never hold what a path could climb by.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto reference = oci::Reference::try_parse(text);
    if (!reference) return 0;
    if (oci::Reference::parse(reference->to_text()) != *reference) __builtin_trap();
    if (oci::Reference::parse(reference->familiar()) != *reference) __builtin_trap();
    if (reference->path.find("..") != std::string::npos || reference->path.find("//") != std::string::npos)
        __builtin_trap();
    return 0;
}
