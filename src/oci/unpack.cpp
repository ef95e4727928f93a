#include "oci/unpack.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "oci/inside.h"
#include "oci/tar.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

namespace {

constexpr std::string_view whiteout_prefix = ".wh.", opaque_name = ".wh..wh..opq", aufs_prefix = ".wh..wh.";
constexpr const char* opaque_attribute = "trusted.overlay.opaque";

[[noreturn]] void refuse(const TarEntry& entry, std::string_view why) {
    throw Error(ErrorKind::invalid, cat("the layer's entry \"", entry.path.substr(0, 300), "\" ", why),
                "this image is broken or hostile; do not use it");
}

class Unpacker {
  public:
    Unpacker(base::Source& tar, const os::Fd& root, const UnpackLimits& limits, base::Sink* skeleton,
             const os::Fd* replaced)
        : tar_(tar, TarReader::Mode::archive,
               skeleton ? [skeleton](std::string_view raw) { skeleton->write(raw); }
                        : std::function<void(std::string_view)>()),
          root_(root),
          limits_(limits),
          replaced_(replaced) {}

    Unpacked run() {
        while (const auto entry = tar_.next()) {
            if (++done_.entries > limits_.entries)
                throw Error(ErrorKind::invalid, cat("the layer has more than ", limits_.entries, " entries"));
            place(*entry);
        }
        for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) set_folder_time(*folder);
        return done_;
    }

  private:
    struct FolderTime {
        std::string path;
        timespec time;
    };

    void place(const TarEntry& entry) {
        if (std::exchange(parents_stale_, false)) parents_.clear();
        const auto clean = clean_path(entry.path);
        if (!clean) refuse(entry, "leaves the image's root");
        if (clean->empty()) {
            if (entry.kind != TarEntry::Kind::folder) refuse(entry, "replaces the image's root");
            attributes(entry, root_, root_, ".");
            folders_.push_back({"", {entry.mtime, entry.mtime_nanos}});
            return;
        }
        const auto [folder, name] = split_path(*clean);
        if (name.size() > 255) refuse(entry, "has a name of more than 255 bytes");
        const os::Fd& parent = parent_folder(entry, folder);
        if (name == opaque_name) {
            if (::fsetxattr(parent.get(), opaque_attribute, "y", 1, 0) != 0)
                throw_errno(cat("marking ", folder, " as opaque"));
        } else if (name.starts_with(aufs_prefix)) {
            return;  // the bookkeeping of a file system that is no more
        } else if (name.starts_with(whiteout_prefix)) {
            whiteout(entry, parent, name.substr(whiteout_prefix.size()));
        } else {
            make(entry, *clean, parent, name);
        }
    }

    // Archives list folders before what is in them, so the last few parents serve nearly every entry.
    const os::Fd& parent_folder(const TarEntry& entry, const std::string& folder) {
        if (folder.empty()) return root_;
        if (const auto known = parents_.find(folder); known != parents_.end()) return known->second;
        if (parents_.size() >= 64) parents_.clear();
        std::optional<os::Fd> fd = open_inside(root_, folder, O_RDONLY | O_DIRECTORY);
        if (!fd) {
            make_parents(entry, folder);
            fd = open_inside(root_, folder, O_RDONLY | O_DIRECTORY);
            if (!fd) refuse(entry, "stands below something that is no folder");
        }
        return parents_.emplace(folder, std::move(*fd)).first->second;
    }

    void make_parents(const TarEntry& entry, const std::string& folder) {
        const auto [above, name] = split_path(folder);
        if (!above.empty() && !open_inside(root_, above, O_PATH | O_DIRECTORY)) make_parents(entry, above);
        const auto parent = open_inside(root_, above, O_RDONLY | O_DIRECTORY);
        if (!parent) refuse(entry, "stands below something that is no folder");
        if (::mkdirat(parent->get(), name.c_str(), 0755) != 0 && errno != EEXIST)
            throw_errno(cat("making folder ", folder));
        if (const auto made = open_inside(root_, folder, O_RDONLY | O_DIRECTORY)) ::fchmod(made->get(), 0755);
    }

    // A whiteout hides what lies in lower layers, never what this layer itself brings.
    void whiteout(const TarEntry& entry, const os::Fd& parent, const std::string& name) {
        if (name.empty() || name == "." || name == "..") refuse(entry, "hides no name");
        struct stat st {};
        if (::fstatat(parent.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
            if (!S_ISDIR(st.st_mode)) return;
            const os::Fd folder = os::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            if (::fsetxattr(folder.get(), opaque_attribute, "y", 1, 0) != 0)
                throw_errno(cat("marking ", entry.path, " as opaque"));
            return;
        }
        if (::mknodat(parent.get(), name.c_str(), S_IFCHR, ::makedev(0, 0)) != 0)
            throw_errno(cat("making the whiteout ", entry.path));
    }

    void make(const TarEntry& entry, const std::string& clean, const os::Fd& parent, const std::string& name) {
        switch (entry.kind) {
            case TarEntry::Kind::file: return make_file(entry, parent, name);
            case TarEntry::Kind::folder: return make_folder(entry, clean, parent, name);
            case TarEntry::Kind::hard_link: return make_hard_link(entry, parent, name);
            case TarEntry::Kind::symbolic_link:
                create(entry, parent, name,
                       [&] { return ::symlinkat(entry.link.c_str(), parent.get(), name.c_str()); });
                break;
            case TarEntry::Kind::fifo:
                create(entry, parent, name, [&] { return ::mkfifoat(parent.get(), name.c_str(), 0600); });
                break;
            case TarEntry::Kind::character_device:
            case TarEntry::Kind::block_device: {
                const unsigned kind = entry.kind == TarEntry::Kind::block_device ? S_IFBLK : S_IFCHR;
                create(entry, parent, name, [&] {
                    return ::mknodat(parent.get(), name.c_str(), kind | 0600, ::makedev(entry.major, entry.minor));
                });
                break;
            }
        }
        attributes(entry, os::Fd(), parent, name);
        const timespec times[2] = {{entry.mtime, entry.mtime_nanos}, {entry.mtime, entry.mtime_nanos}};
        ::utimensat(parent.get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    }

    // Tries, and once more after clearing the place.
    template <class Make>
    int create(const TarEntry& entry, const os::Fd& parent, const std::string& name, Make&& make) {
        int result = make();
        if (result < 0 && errno == EEXIST) {
            discard(parent, name);
            result = make();
        }
        if (result < 0) throw_errno(cat("unpacking ", entry.path));
        return result;
    }

    void make_file(const TarEntry& entry, const os::Fd& parent, const std::string& name) {
        done_.bytes += entry.size;
        if (done_.bytes > limits_.bytes)
            throw Error(ErrorKind::invalid, cat("the layer is larger than ", limits_.bytes, " bytes unpacked"),
                        "it may be a decompression bomb; raise the limit only if you trust it");
        const os::Fd file(create(entry, parent, name, [&] {
            return ::openat(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        }));
        if (entry.sparse)
            write_sparse(entry, file);
        else
            for (auto piece = tar_.more(); !piece.empty(); piece = tar_.more())
                base::in_context(entry.path, [&] { os::write_all(file, piece); });
        attributes(entry, file, parent, name);
        const timespec times[2] = {{entry.mtime, entry.mtime_nanos}, {entry.mtime, entry.mtime_nanos}};
        ::futimens(file.get(), times);
        if (replaced_ && entry.size != 0) {
            struct stat st {};
            if (::fstat(file.get(), &st) == 0) written_[st.st_ino] = done_.entries;
        }
    }

    void write_sparse(const TarEntry& entry, const os::Fd& file) {
        if (::ftruncate(file.get(), entry.real_size) != 0) throw_errno(cat("unpacking ", entry.path));
        for (const auto& [offset, length] : entry.segments) {
            if (::lseek(file.get(), offset, SEEK_SET) < 0) throw_errno(cat("unpacking ", entry.path));
            for (std::int64_t left = length; left > 0;) {
                const auto piece = tar_.more(static_cast<std::size_t>(left));
                base::in_context(entry.path, [&] { os::write_all(file, piece); });
                left -= static_cast<std::int64_t>(piece.size());
            }
        }
    }

    void make_folder(const TarEntry& entry, const std::string& clean, const os::Fd& parent, const std::string& name) {
        struct stat st {};
        const bool exists = ::fstatat(parent.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0;
        const bool over_whiteout = exists && S_ISCHR(st.st_mode) && st.st_rdev == 0;
        if (exists && !S_ISDIR(st.st_mode)) discard(parent, name);
        if ((!exists || !S_ISDIR(st.st_mode)) && ::mkdirat(parent.get(), name.c_str(), 0700) != 0)
            throw_errno(cat("unpacking ", entry.path));
        const os::Fd folder = os::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        attributes(entry, folder, parent, name);
        // Removed below and made anew in the same layer: nothing from below may show through.
        if (over_whiteout && ::fsetxattr(folder.get(), opaque_attribute, "y", 1, 0) != 0)
            throw_errno(cat("marking ", clean, " as opaque"));
        folders_.push_back({clean, {entry.mtime, entry.mtime_nanos}});
    }

    void make_hard_link(const TarEntry& entry, const os::Fd& parent, const std::string& name) {
        const auto target = clean_path(entry.link);
        if (!target || target->empty())
            refuse(entry, cat("links to \"", entry.link.substr(0, 300), "\", which leaves the image's root"));
        const auto [folder, target_name] = split_path(*target);
        const auto target_folder = open_inside(root_, folder, O_PATH | O_DIRECTORY);
        if (!target_folder)
            refuse(entry, cat("links to \"", entry.link.substr(0, 300), "\", which is not in this layer"));
        struct stat to {
        }, here{};
        if (::fstatat(target_folder->get(), target_name.c_str(), &to, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(to.st_mode))
            refuse(entry, cat("links to \"", entry.link.substr(0, 300), "\", which is no file of this layer"));
        if (::fstatat(parent.get(), name.c_str(), &here, AT_SYMLINK_NOFOLLOW) == 0 && here.st_ino == to.st_ino) return;
        create(entry, parent, name, [&, &to_folder = *target_folder, &to_name = target_name] {
            return ::linkat(to_folder.get(), to_name.c_str(), parent.get(), name.c_str(), 0);
        });
    }

    // Owner, then mode (chown takes setuid away), then attributes (chown takes capabilities away).
    void attributes(const TarEntry& entry, const os::Fd& open, const os::Fd& parent, const std::string& name) {
        const bool root_owned = entry.uid == 0 && entry.gid == 0 && ::geteuid() == 0 && ::getegid() == 0;
        const bool fresh = entry.kind != TarEntry::Kind::folder;
        if (!root_owned || !fresh) {
            const int result = open ? ::fchown(open.get(), entry.uid, entry.gid)
                                    : ::fchownat(parent.get(), name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW);
            if (result != 0) throw_errno(cat("giving ", entry.path, " to ", entry.uid, ':', entry.gid));
        }
        if (entry.kind != TarEntry::Kind::symbolic_link) {
            const int result =
                open ? ::fchmod(open.get(), entry.mode) : ::fchmodat(parent.get(), name.c_str(), entry.mode, 0);
            if (result != 0) throw_errno(cat("setting the mode of ", entry.path));
        }
        if (open)
            for (const auto& [key, value] : entry.xattrs) set_attribute(entry, open, key, value);
    }

    // Attributes that steer overlayfs or a security module on this machine are not an image's to set.
    static void set_attribute(const TarEntry& entry, const os::Fd& file, const std::string& key,
                              const std::string& value) {
        const bool wanted = key == "security.capability" ||
                            (key.starts_with("user.") && !key.starts_with("user.overlay.")) ||
                            key.starts_with("system.posix_acl_");
        if (!wanted) return;
        if (::fsetxattr(file.get(), key.c_str(), value.data(), value.size(), 0) == 0) return;
        if (errno == EOPNOTSUPP || (errno == EPERM && key != "security.capability")) return;  // as other engines do
        throw_errno(cat("setting ", key, " of ", entry.path));
    }

    // Takes a name away. Contents that this archive brought are kept aside, for the skeleton's sake.
    void discard(const os::Fd& parent, const std::string& name) {
        parents_stale_ = true;
        struct stat st {};
        if (::fstatat(parent.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return;
        if (S_ISDIR(st.st_mode)) {
            const os::Fd folder = os::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            for (const auto& child : names_in(folder)) discard(folder, child);
            if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) != 0) throw_errno(cat("replacing ", name));
            return;
        }
        if (const auto known = written_.find(st.st_ino); replaced_ && S_ISREG(st.st_mode) && known != written_.end()) {
            if (::renameat(parent.get(), name.c_str(), replaced_->get(), cat(known->second).c_str()) != 0)
                throw_errno(cat("replacing ", name));
            return;
        }
        if (::unlinkat(parent.get(), name.c_str(), 0) != 0) throw_errno(cat("replacing ", name));
    }

    static std::vector<std::string> names_in(const os::Fd& folder) {
        std::vector<std::string> names;
        const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(folder.duplicate().release()), ::closedir);
        if (!dir) throw_errno("reading a folder");
        while (const dirent* entry = ::readdir(dir.get())) {
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") names.emplace_back(name);
        }
        return names;
    }

    void set_folder_time(const FolderTime& folder) {
        const auto fd = open_inside(root_, folder.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        const timespec times[2] = {folder.time, folder.time};
        if (fd) ::futimens(fd->get(), times);
    }

    TarReader tar_;
    const os::Fd& root_;
    const UnpackLimits limits_;
    const os::Fd* replaced_;
    Unpacked done_;
    std::vector<FolderTime> folders_;
    std::unordered_map<std::string, os::Fd> parents_;
    bool parents_stale_ = false;                       // something was replaced: paths may mean other folders now
    std::unordered_map<ino_t, std::int64_t> written_;  // inode → number of the entry, for contents of this archive
};

}  // namespace

Unpacked unpack(base::Source& tar, const os::Fd& root, const UnpackLimits& limits, base::Sink* skeleton,
                const os::Fd* replaced) {
    return Unpacker(tar, root, limits, skeleton, replaced).run();
}

static void copy_range(const os::Fd& file, std::int64_t offset, std::int64_t length, base::Sink& to,
                       const std::string& path) {
    std::vector<char> buffer(std::size_t{256} << 10);
    while (length > 0) {
        const auto want =
            static_cast<std::size_t>(std::min<std::int64_t>(length, static_cast<std::int64_t>(buffer.size())));
        const ssize_t n = ::pread(file.get(), buffer.data(), want, offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw_errno(cat("reading ", path));
        if (n == 0) throw Error(ErrorKind::invalid, cat("the stored layer was changed: ", path, " is too short"));
        to.write({buffer.data(), static_cast<std::size_t>(n)});
        offset += n;
        length -= n;
    }
}

void write_from_skeleton(base::Source& skeleton, const os::Fd& root, const os::Fd* replaced, base::Sink& to) {
    TarReader reader(skeleton, TarReader::Mode::skeleton, [&](std::string_view raw) { to.write(raw); });
    std::int64_t number = 0;
    while (const auto entry = reader.next()) {
        ++number;
        if (entry->size == 0) continue;
        const auto clean = clean_path(entry->path);
        if (!clean) refuse(*entry, "leaves the image's root");
        os::Fd file;
        if (replaced) file = os::Fd(::openat(replaced->get(), cat(number).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (!file) {
            auto found = open_inside(root, *clean, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
            if (!found) throw Error(ErrorKind::invalid, cat("the stored layer was changed: ", *clean, " is gone"));
            file = std::move(*found);
        }
        if (!entry->sparse) {
            copy_range(file, 0, entry->size, to, *clean);
            continue;
        }
        for (const auto& [offset, length] : entry->segments) copy_range(file, offset, length, to, *clean);
    }
}

}  // namespace tutti::oci
