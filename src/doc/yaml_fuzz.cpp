// YAML text → Nodes → YAML text → the same Nodes.
#include <cstdlib>

#include "doc/json.h"
#include "doc/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tutti::doc;
    constexpr YamlLimits limits{.depth = 100, .alias_nodes = 10'000};
    Sources sources;
    const std::uint32_t file = sources.add("fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size));
    Diagnostics diagnostics;
    const auto documents = read_yaml(sources.text(file), file, diagnostics, limits);
    to_text(diagnostics, sources);
    if (diagnostics.failed()) return 0;
    for (const Node& document : documents) {
        const std::string written = write_yaml(document);
        Diagnostics again;
        const auto read = read_yaml(written, file, again, {.depth = 1000, .alias_nodes = 10'000});
        if (again.failed() || read.size() != 1) std::abort();
        if (write_yaml(read[0]) != written) std::abort();
    }
    return 0;
}
