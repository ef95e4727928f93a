// Random bytes of the kernel.
// Used for ids and slugs.
// Not for tests that want the same twice.
#pragma once

#include <string>

namespace tutti::os {

std::string random_hex(std::size_t bytes);

}  // namespace tutti::os
