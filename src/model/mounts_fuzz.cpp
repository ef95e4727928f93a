// The short form of mounts: no input crashes, and what is accepted has a type and a clean target.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/path.h"
#include "model/short_form.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = tutti::model::parse_mount(text);
    if (!parsed) return 0;
    const auto& mount = parsed.value;
    if (mount.target.empty() || tutti::base::path::clean(mount.target) != mount.target) std::abort();
    if (mount.type == "bind" ? !mount.bind || mount.source.empty() : mount.type != "volume") std::abort();
    return 0;
}
