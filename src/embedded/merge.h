// A container's spec completed by its image's config, by Docker's rules. Used by create. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/container_spec.h"
#include "oci/image.h"

namespace tutti::embedded {

engine::ContainerSpec merge_image(engine::ContainerSpec spec, const oci::RunConfig& image);

// What is executed: entrypoint, then command. Throws Error invalid when that is nothing.
std::vector<std::string> arguments(const engine::ContainerSpec& merged);

// "K=V" lines; of equal keys the later wins, at the place of the earlier. A key alone takes one away.
std::vector<std::string> merge_env(const std::vector<std::string>& below, const std::vector<std::string>& above);

std::string command_line(const std::vector<std::string>& arguments);
std::string command_column(
    const std::vector<std::string>& arguments);  // arguments with blanks in quotes, as Docker lists

}  // namespace tutti::embedded
