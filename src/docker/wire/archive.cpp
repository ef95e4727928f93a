#include "docker/wire/archive.h"

#include <cstring>

#include "base/error.h"
#include "base/text.h"

namespace tutti::docker::wire {

using base::cat;

namespace {

constexpr std::size_t block = 512;

struct Header {  // POSIX.1-1988 ustar
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2],
        user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};
static_assert(sizeof(Header) == block);

// As many octal digits as fit before the closing zero byte; larger numbers lose their front digits.
void octal(char* field, std::size_t width, std::uint64_t value) {
    for (std::size_t i = width - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
    field[width - 1] = '\0';
}

void add(std::string& out, std::string_view path, std::uint32_t mode, std::uint64_t uid, std::uint64_t gid,
         std::string_view content) {
    Header header{};
    if (path.size() > sizeof header.name) {
        const auto slash = path.rfind('/', sizeof header.prefix);
        if (slash == std::string_view::npos || path.size() - slash - 1 > sizeof header.name)
            throw base::Error(base::ErrorKind::invalid, cat("the target /", path, " is too long"));
        path.copy(header.prefix, slash);
        path.substr(slash + 1).copy(header.name, sizeof header.name);
    } else {
        path.copy(header.name, sizeof header.name);
    }
    octal(header.mode, sizeof header.mode, mode);
    octal(header.uid, sizeof header.uid, uid);
    octal(header.gid, sizeof header.gid, gid);
    octal(header.size, sizeof header.size, content.size());
    octal(header.mtime, sizeof header.mtime, 0);
    header.type = '0';  // a regular file
    std::memcpy(header.magic, "ustar", 6);
    std::memcpy(header.version, "00", 2);
    std::memset(header.checksum, ' ', sizeof header.checksum);
    unsigned sum = 0;
    for (const unsigned char byte : std::string_view(reinterpret_cast<const char*>(&header), block)) sum += byte;
    octal(header.checksum, 7, sum);
    out.append(reinterpret_cast<const char*>(&header), block);
    out.append(content);
    out.append((block - content.size() % block) % block, '\0');
}

std::uint64_t owner(const engine::FileSpec& file, const std::string& text, std::string_view what) {
    if (text.empty()) return 0;
    if (const auto number = base::to_uint(text)) return *number;
    throw base::Error(base::ErrorKind::invalid,
                      cat("the ", what, " '", text, "' of ", file.target, " is not a number"));
}

}  // namespace

std::string archive_of(const std::vector<engine::FileSpec>& files) {
    std::string out;
    for (const auto& file : files) {
        std::string_view path = file.target;
        while (path.starts_with('/')) path.remove_prefix(1);
        add(out, path, file.mode, owner(file, file.uid, "uid"), owner(file, file.gid, "gid"), file.content);
    }
    out.append(2 * block, '\0');
    return out;
}

}  // namespace tutti::docker::wire
