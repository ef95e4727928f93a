#include "base/files.h"

#include "base/error.h"

namespace tutti::base {

Files::Kind FilesInMemory::kind(const std::string& path) const {
    if (files.contains(path)) return Kind::file;
    const auto next = files.lower_bound(path + "/");
    const bool inside = next != files.end() && next->first.starts_with(path + "/");
    return inside || path == "/" ? Kind::directory : Kind::absent;
}

std::string FilesInMemory::read(const std::string& path) const {
    switch (kind(path)) {
        case Kind::file: return files.at(path);
        case Kind::directory: throw Error(ErrorKind::invalid, "read " + path + ": is a directory");
        default: throw Error(ErrorKind::not_found, "open " + path + ": no such file or directory");
    }
}

}  // namespace tutti::base
