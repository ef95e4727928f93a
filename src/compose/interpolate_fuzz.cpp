// Templates: substitution never fails other than by a diagnostic, and finds its own variables.
#include "compose/interpolate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tutti;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const compose::Environment shell{{"A", {"a"}}, {"EMPTY", {""}}};
    const compose::Lookup lookup = [&](std::string_view name) { return compose::find(shell, name); };
    doc::Diagnostics diagnostics;
    const auto result = compose::substitute(text, lookup, {1, 1}, "fuzz", diagnostics);
    if (result.has_value() == diagnostics.failed()) __builtin_trap();
    compose::extract_variables(doc::Node(text));
    return 0;
}
