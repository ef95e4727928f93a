#include "base/stream.h"

#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace tutti::base {

std::string read_to_end(Source& source, std::size_t limit) {
    std::string out;
    char buffer[16384];
    while (const std::size_t n = source.read(buffer, sizeof buffer)) {
        if (out.size() + n > limit) throw Error(ErrorKind::invalid, cat("reading: more than ", limit, " bytes"));
        out.append(buffer, n);
    }
    return out;
}

void copy(Source& from, Sink& to) {
    std::vector<char> buffer(std::size_t{256} << 10);
    while (const std::size_t n = from.read(buffer.data(), buffer.size())) to.write({buffer.data(), n});
}

}  // namespace tutti::base
