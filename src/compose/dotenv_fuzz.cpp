// Env files in both formats.
#include "compose/dotenv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tutti;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const compose::Environment shell{{"HOME", {"/home"}}};
    const compose::Lookup lookup = [&](std::string_view name) { return compose::find(shell, name); };
    compose::Environment out;
    doc::Diagnostics diagnostics;
    compose::read_dotenv(text, 0, lookup, out, diagnostics);
    compose::read_raw_env(text, 0, lookup, out, diagnostics);
    return 0;
}
