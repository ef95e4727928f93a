#include "oci/unpack_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
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
using Kind = TarEntry::Kind;

namespace {

class FileUnpacker {
  public:
    FileUnpacker(const os::Fd& folder, const UnpackFiles& options) : folder_(folder), options_(options) {}

    void run(TarReader& tar) {
        while (auto entry = tar.next()) {
            if (options_.rename) {
                entry->path = options_.rename(entry->path);
                if (entry->kind == Kind::hard_link) entry->link = options_.rename(entry->link);
            }
            add(*entry, tar);
        }
        for (auto it = times_.rbegin(); it != times_.rend(); ++it) ::futimens(it->first.get(), it->second.data());
    }

  private:
    void add(const TarEntry& entry, TarReader& tar) {
        const auto clean = clean_path(entry.path);
        if (!clean)
            throw Error(ErrorKind::invalid, cat("the archive's entry ", entry.path, " leads out of its folder"));
        if (clean->empty()) return;
        const auto split = split_path(*clean);
        const os::Fd parent = parent_of(split.folder);
        const char* name = split.name.c_str();
        struct stat there {};
        const bool exists = ::fstatat(parent.get(), name, &there, AT_SYMLINK_NOFOLLOW) == 0;
        if (entry.kind == Kind::folder) return add_folder(entry, parent, split.name, exists && S_ISDIR(there.st_mode));
        if (exists && S_ISDIR(there.st_mode))
            throw Error(ErrorKind::invalid, cat("cannot overwrite directory ", entry.path, " with a file"));
        if (exists && ::unlinkat(parent.get(), name, 0) != 0) throw_errno(cat("replacing ", entry.path));
        if (entry.kind == Kind::file) return add_file(entry, parent, split.name, tar);
        add_other(entry, parent, name);
        own(parent, name, entry);
        if (entry.kind != Kind::symbolic_link && entry.kind != Kind::hard_link)
            ::fchmodat(parent.get(), name, entry.mode & 07777, 0);
    }

    os::Fd parent_of(const std::string& path) {
        if (auto found = open_inside(folder_, path, O_RDONLY | O_DIRECTORY)) return std::move(*found);
        const auto split = split_path(path);
        if (split.name.empty()) throw Error(ErrorKind::not_found, "the folder to unpack into is gone");
        const os::Fd above = parent_of(split.folder);
        if (::mkdirat(above.get(), split.name.c_str(), 0755) != 0 && errno != EEXIST) throw_errno(cat("making ", path));
        auto made = open_inside(folder_, path, O_RDONLY | O_DIRECTORY);
        if (!made) throw Error(ErrorKind::invalid, cat(path, " is not a directory"));
        return std::move(*made);
    }

    void add_folder(const TarEntry& entry, const os::Fd& parent, const std::string& name, bool exists) {
        if (!exists && ::mkdirat(parent.get(), name.c_str(), 0700) != 0) {
            if (errno == EEXIST)
                throw Error(ErrorKind::invalid, cat("cannot overwrite non-directory ", entry.path, " with directory"));
            throw_errno(cat("making ", entry.path));
        }
        os::Fd fd = os::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        own(fd, "", entry);
        ::fchmod(fd.get(), entry.mode & 07777);
        times_.emplace_back(std::move(fd), times(entry));  // set last: what is put inside changes them
    }

    void add_file(const TarEntry& entry, const os::Fd& parent, const std::string& name, TarReader& tar) {
        const os::Fd fd = os::open_at(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (entry.sparse) {
            if (::ftruncate(fd.get(), entry.real_size) != 0) throw_errno(cat("writing ", entry.path));
            for (const auto& segment : entry.segments) {
                if (::lseek(fd.get(), segment.offset, SEEK_SET) < 0) throw_errno(cat("writing ", entry.path));
                copy(fd, tar, segment.length);
            }
        } else {
            copy(fd, tar, entry.size);
        }
        own(fd, "", entry);
        ::fchmod(fd.get(), entry.mode & 07777);
        for (const auto& [key, value] : entry.xattrs) ::fsetxattr(fd.get(), key.c_str(), value.data(), value.size(), 0);
        ::futimens(fd.get(), times(entry).data());
    }

    static void copy(const os::Fd& fd, TarReader& tar, std::int64_t left) {
        while (left > 0) {
            const auto piece = tar.more(static_cast<std::size_t>(left));
            if (piece.empty()) throw Error(ErrorKind::invalid, "the archive is cut short");
            os::write_all(fd, piece);
            left -= static_cast<std::int64_t>(piece.size());
        }
    }

    void add_other(const TarEntry& entry, const os::Fd& parent, const char* name) {
        int failed = 0;
        switch (entry.kind) {
            case Kind::symbolic_link: failed = ::symlinkat(entry.link.c_str(), parent.get(), name); break;
            case Kind::hard_link: return add_hard_link(entry, parent, name);
            case Kind::fifo: failed = ::mkfifoat(parent.get(), name, 0600); break;
            case Kind::character_device:
            case Kind::block_device:
                failed = ::mknodat(parent.get(), name, (entry.kind == Kind::block_device ? S_IFBLK : S_IFCHR) | 0600,
                                   ::makedev(entry.major, entry.minor));
                break;
            default: return;
        }
        if (failed != 0) throw_errno(cat("making ", entry.path));
    }

    void add_hard_link(const TarEntry& entry, const os::Fd& parent, const char* name) {
        const auto target = clean_path(entry.link);
        const auto split = target ? split_path(*target) : Split{};
        const auto from = target ? open_inside(folder_, split.folder, O_PATH | O_DIRECTORY) : std::nullopt;
        if (!from || ::linkat(from->get(), split.name.c_str(), parent.get(), name, 0) != 0)
            throw_errno(cat("linking ", entry.path, " to ", entry.link));
    }

    void own(const os::Fd& at, const char* name, const TarEntry& entry) const {
        if (!options_.keep_owner) return;
        if (::fchownat(at.get(), name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH)) != 0)
            throw_errno(cat("giving ", entry.path, " its owner"));
    }

    static std::array<timespec, 2> times(const TarEntry& entry) {
        const timespec time{.tv_sec = entry.mtime, .tv_nsec = entry.mtime_nanos};
        return {time, time};
    }

    const os::Fd& folder_;
    const UnpackFiles& options_;
    std::vector<std::pair<os::Fd, std::array<timespec, 2>>> times_;
};

}  // namespace

void unpack_files(base::Source& tar, const os::Fd& folder, const UnpackFiles& options) {
    TarReader reader(tar);
    FileUnpacker(folder, options).run(reader);
}

}  // namespace tutti::oci
