#include "embedded/files.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "embedded/function_streams.h"
#include "embedded/list.h"
#include "embedded/mounts.h"
#include "embedded/places.h"
#include "embedded/rootfs.h"
#include "oci/inside.h"
#include "oci/pack.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

static os::Fd open_stopped(Parts& parts, const records::Folder& folder, const records::Config& config) {
    const auto image = parts.store().image(base::Digest::require(config.image_id));
    if (!image) throw Error(ErrorKind::not_found, cat("No such image: ", config.spec.image));
    return open_layers(layers_with_places(parts, *image), folder.file("upper"), folder.file("work"));
}

// In a mount namespace of this thread alone: the root with the container's volumes and binds on it, below `work`.
static os::Fd assemble(Parts& parts, const records::Folder& folder, const std::string& work) {
    const std::string place = work + "/root", run = work + "/run";
    for (const std::string& made : {place, run}) os::make_folders(made, 0700);
    if (::unshare(CLONE_FS | CLONE_NEWNS) != 0) throw_errno("making a mount namespace");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) throw_errno("making mounts private");
    const auto config = folder.config();
    const auto root = open_stopped(parts, folder, config);
    if (::move_mount(root.get(), "", AT_FDCWD, place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
        throw_errno("mounting the container's files");
    const os::Fd top = os::open(place, O_PATH | O_DIRECTORY);
    const auto mounts = resolve_mounts(parts, config, run, {});
    for (const auto& mount : mounts.mounts) {
        if (mount.kind != runtime::BoxMount::Kind::bind) continue;  // what is in memory is gone with the run
        const auto target = oci::clean_path(mount.target);
        if (!target) continue;
        const auto on = oci::open_inside(top, *target, O_PATH);
        if (!on) continue;  // never started: the place is made then
        const std::string at = cat("/proc/self/fd/", on->get());
        if (::mount(mount.source.c_str(), at.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
            throw_errno(cat("mounting ", mount.target));
    }
    return os::open(place, O_PATH | O_DIRECTORY);
}

void with_files(Parts& parts, const records::Folder& folder, const std::function<void(const os::Fd& root)>& work) {
    const auto lock = folder.lock();
    const auto view = records::view(evidence_of(folder));
    if (view.pid != 0) return work(os::open(cat("/proc/", view.pid, "/root"), O_PATH | O_DIRECTORY));
    const os::TempFolder place(parts.paths().run, "files-");
    os::Scope scope;
    scope.spawn([&] { work(assemble(parts, folder, place.path())); });  // the namespace goes with the thread
    scope.join();
}

// "" is the root itself.
static std::string require_clean(const std::string& path) {
    // ".." at the top stays at the top, as for the container's own processes.
    auto clean = oci::clean_path(base::path::absolute(path, "/"));
    if (!clean) throw Error(ErrorKind::invalid, cat("invalid path: ", path));
    return std::move(*clean);
}

std::optional<engine::Containers::PathStat> stat_inside(const os::Fd& root, const std::string& path) {
    const std::string clean = require_clean(path);
    const auto split = oci::split_path(clean);
    // The last part is not followed: what a link is, is told.
    const auto parent = oci::open_inside(root, split.folder, O_PATH | O_DIRECTORY);
    if (!parent) return std::nullopt;
    struct stat info {};
    const char* name = split.name.c_str();
    if (::fstatat(parent->get(), name, &info, AT_SYMLINK_NOFOLLOW | (split.name.empty() ? AT_EMPTY_PATH : 0)) != 0)
        return std::nullopt;
    engine::Containers::PathStat out;
    out.name = split.name.empty() ? "/" : split.name;
    out.size = info.st_size;
    out.mode = info.st_mode;
    out.modified =
        engine::Time(std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec));
    if (S_ISLNK(info.st_mode)) {
        std::array<char, 4096> target;
        const auto n = ::readlinkat(parent->get(), name, target.data(), target.size());
        if (n > 0) out.link_target.assign(target.data(), static_cast<std::size_t>(n));
    }
    return out;
}

void pack_path(const os::Fd& root, const std::string& path, const std::function<void(std::string_view)>& sink) {
    const std::string clean = require_clean(path);
    const auto split = oci::split_path(clean);
    const auto parent = oci::open_inside(root, split.folder, O_PATH | O_DIRECTORY);
    if (!parent || (!split.name.empty() && !stat_inside(root, path)))
        throw Error(ErrorKind::not_found, cat("Could not find the file ", path, " in the container"));
    FunctionSink out(sink);
    oci::pack_entry(*parent, split.name.empty() ? "." : split.name, split.name.empty() ? "." : split.name, out);
    out.flush();
}

void export_files(Parts& parts, const records::Folder& folder, const std::function<void(std::string_view)>& sink) {
    const auto lock = folder.lock();
    FunctionSink out(sink);
    // Without volumes, as Docker does it: the layers and what was written over them.
    const auto image = parts.store().image(base::Digest::require(folder.config().image_id));
    if (!image) throw Error(ErrorKind::not_found, "the container's image is gone");
    auto lower = layers_with_places(parts, *image);
    // A running container's upper folder is another mount's; it is read below ours as one more layer.
    lower.insert(lower.begin(), folder.file("upper"));
    oci::pack_files(open_layers(lower), out);
    out.flush();
}

}  // namespace tutti::embedded
