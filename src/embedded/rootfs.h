// A container's or image's files seen from outside: as a mount that is attached nowhere and goes with its descriptor.
// Used by volumes' first fill, copy, export and commit. What is inside is reached only through oci/inside.h.
#pragma once

#include <string>
#include <vector>

#include "os/fd.h"

namespace tutti::embedded {

// Layers over each other, topmost first, read-only; with `upper` and `work` writable. A single layer is opened as it
// is.
os::Fd open_layers(const std::vector<std::string>& lower, const std::string& upper = {}, const std::string& work = {});

// The part of each layer that shows at `subpath`, topmost first: as if the layers were stacked and the folder taken.
// Throws Error not_found when no layer has it.
std::vector<std::string> layers_below(const std::vector<std::string>& lower, const std::string& subpath);

}  // namespace tutti::embedded
