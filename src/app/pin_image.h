// An image name → the same image by its digest, asked of its registry unless the name has one.
// Used by main for `config --resolve-image-digests` and `--lock-image-digests`. Pulls nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tutti::app {

std::string pin_image(std::string_view image, const std::map<std::string, std::string>& environment);

}  // namespace tutti::app
