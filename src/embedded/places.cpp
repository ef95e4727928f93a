#include "embedded/places.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "embedded/rootfs.h"

namespace tutti::embedded {

using base::cat;

namespace {

std::optional<struct stat> look(const os::Fd& root, const char* path) {
    struct stat st {};
    if (::fstatat(root.get(), path, &st, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return st;
}

void make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) != 0) base::throw_errno(cat("making ", path));
}

// The highest layer says how a folder looks: as it did before.
void look_like(const std::string& path, const struct stat& st) {
    const timespec times[] = {st.st_atim, st.st_mtim};
    if (::chown(path.c_str(), st.st_uid, st.st_gid) != 0 || ::chmod(path.c_str(), st.st_mode & 07777) != 0 ||
        ::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0)
        base::throw_errno(cat("making ", path));
}

// True: something was missing, and is in `folder` now.
bool fill(const os::Fd& image, const std::string& folder) {
    bool any = false;
    for (const char* name : {"dev", "proc", "sys"}) {
        if (look(image, name)) continue;
        make_folder(cat(folder, '/', name));
        any = true;
    }
    const auto etc = look(image, "etc");
    if (etc && !S_ISDIR(etc->st_mode)) return any;  // a link: each container finds its own way
    std::vector<std::string> files;
    for (const char* name : {"etc/hosts", "etc/hostname", "etc/resolv.conf"})
        if (!look(image, name)) files.emplace_back(name);
    if (files.empty()) return any;
    make_folder(folder + "/etc");
    for (const auto& name : files) {
        const os::Fd made = os::open(cat(folder, '/', name), O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (::fchmod(made.get(), 0644) != 0) base::throw_errno(cat("making ", name));
    }
    if (etc) look_like(folder + "/etc", *etc);
    return true;
}

void make(Parts& parts, const std::vector<std::string>& layers, const std::string& path) {
    const std::string places = parts.paths().root + "/places";
    os::make_folders(places, 0700);
    const os::TempFolder aside(places, ".new-");
    const std::string folder = aside.path() + "/made";
    make_folder(folder);
    // An image that lacks nothing is remembered by a file.
    const os::Fd image = open_layers(layers);
    if (!fill(image, folder)) {
        os::write_file(path, "", 0600);
        return;
    }
    struct stat top {};
    if (::fstat(image.get(), &top) != 0) base::throw_errno("looking at the image");
    look_like(folder, top);
    if (::rename(folder.c_str(), path.c_str()) != 0 && errno != EEXIST && errno != ENOTEMPTY)  // another was faster
        base::throw_errno(cat("making ", path));
}

}  // namespace

std::vector<std::string> layers_with_places(Parts& parts, const store::ImageRecord& image) {
    auto layers = parts.store().lower_folders(image);
    const std::string path = parts.store().places_path(image.id);
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) {
        make(parts, layers, path);
        if (::lstat(path.c_str(), &st) != 0) base::throw_errno(cat("reading ", path));
    }
    if (S_ISDIR(st.st_mode)) layers.insert(layers.begin(), path);
    return layers;
}

}  // namespace tutti::embedded
