#include "embedded/rootfs.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded {

using base::cat;
using base::throw_errno;

static void set(const os::Fd& context, const char* key, const std::string& value) {
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) != 0)
        throw_errno(cat("overlay option ", key, "=", value));
}

static std::string escape(std::string_view path) {  // ':' parts layers, '\' quotes
    return base::replace_all(base::replace_all(path, "\\", "\\\\"), ":", "\\:");
}

// One by one where the kernel can (6.5), as their number is then not bound by the length of an option.
static void set_lower(const os::Fd& context, const std::vector<std::string>& lower) {
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, "lowerdir+", lower.front().c_str(), 0) == 0) {
        for (std::size_t i = 1; i < lower.size(); ++i) set(context, "lowerdir+", lower[i]);
        return;
    }
    std::string all;
    for (const auto& layer : lower) all += (all.empty() ? "" : ":") + escape(layer);
    set(context, "lowerdir", all);
}

os::Fd open_layers(const std::vector<std::string>& lower, const std::string& upper, const std::string& work) {
    if (lower.empty()) throw base::Error(base::ErrorKind::internal, "an image without layers has no files");
    if (lower.size() == 1 && upper.empty()) return os::open(lower.front(), O_PATH | O_DIRECTORY);
    const os::Fd context(::fsopen("overlay", FSOPEN_CLOEXEC));
    if (!context) throw_errno("opening the overlay file system");
    set_lower(context, lower);
    if (!upper.empty()) {
        set(context, "upperdir", upper);
        set(context, "workdir", work);
    }
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) throw_errno("mounting layers");
    os::Fd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, upper.empty() ? MOUNT_ATTR_RDONLY : 0));
    if (!mount) throw_errno("mounting layers");
    return mount;
}

namespace {

enum class Found { nothing, folder, opaque_folder, other };

Found look_at(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return Found::nothing;
    if (!S_ISDIR(info.st_mode)) return Found::other;  // a whiteout, too
    std::array<char, 4> value;
    const auto n = ::lgetxattr(path.c_str(), "trusted.overlay.opaque", value.data(), value.size());
    return n == 1 && value[0] == 'y' ? Found::opaque_folder : Found::folder;
}

}  // namespace

std::vector<std::string> layers_below(const std::vector<std::string>& lower, const std::string& subpath) {
    std::vector<std::string> out;
    for (const auto& layer : lower) {
        std::string path = layer;
        bool hides = false, there = true;
        for (const auto part : base::split(subpath, '/')) {
            if (part.empty() || part == ".") continue;
            if (part == "..") throw base::Error(base::ErrorKind::invalid, cat("subpath ", subpath, " climbs out"));
            path += cat('/', part);
            const Found found = look_at(path);
            if (found == Found::other || found == Found::opaque_folder) hides = true;
            if (found == Found::other || found == Found::nothing) {
                there = false;
                break;
            }
        }
        if (there) out.push_back(path);
        if (hides) break;
    }
    if (out.empty()) throw base::Error(base::ErrorKind::not_found, cat("the image has no folder ", subpath));
    return out;
}

}  // namespace tutti::embedded
