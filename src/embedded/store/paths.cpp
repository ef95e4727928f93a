#include "embedded/store/paths.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"

namespace tutti::embedded::store {

using base::cat;

std::string file_name_of(const base::Digest& digest) {
    return digest.algorithm() == base::Digest::Algorithm::sha256 ? digest.hex()
                                                                 : cat(digest.algorithm_name(), '-', digest.hex());
}

std::string escaped(std::string_view name) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == ':' || c == '@' || (c == '.' && !out.empty());
        if (plain)
            out += c;
        else
            out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    if (out.size() > 180) out = cat(out.substr(0, 110), '~', base::Digest::of(name).hex());
    return out;
}

void sync_folder(const std::string& path) {
    const os::Fd folder = os::open(path, O_RDONLY | O_DIRECTORY);
    if (::fsync(folder.get()) != 0) base::throw_errno(cat("syncing ", path));
}

}  // namespace tutti::embedded::store
