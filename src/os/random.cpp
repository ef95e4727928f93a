#include "os/random.h"

#include <sys/random.h>

#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace tutti::os {

std::string random_hex(std::size_t bytes) {
    std::vector<unsigned char> drawn(bytes);
    if (::getrandom(drawn.data(), drawn.size(), 0) != static_cast<ssize_t>(drawn.size()))
        base::throw_errno("drawing random bytes");
    return base::to_hex(drawn);
}

}  // namespace tutti::os
