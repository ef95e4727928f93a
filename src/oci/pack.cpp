#include "oci/pack.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "oci/tar.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

namespace {

class Packer {
  public:
    enum class Marks { overlay, none };
    Packer(base::Sink& to, Marks marks) : tar_(to), buffer_(std::size_t{256} << 10), marks_(marks) {}

    void run(const os::Fd& root) {
        folder(root, "");
        tar_.finish();
    }

    void run_each(const std::vector<PackedAs>& paths) {
        deep_ = false;
        for (const PackedAs& one_path : paths) {
            const auto slash = one_path.path.rfind('/');
            const std::string parent = slash == 0 ? "/" : one_path.path.substr(0, slash);
            const std::string name = one_path.path.substr(slash + 1);
            try {
                const os::Fd folder = os::open(parent, O_RDONLY | O_DIRECTORY);
                one(folder, "", name.empty() ? "." : name, one_path.as);
            } catch (const Error& error) {
                if (error.kind() != ErrorKind::not_found) throw;
            }
        }
        tar_.finish();
    }

    void run_one(const os::Fd& parent, const std::string& name, const std::string& as) {
        one(parent, "", name, as);
        tar_.finish();
    }

  private:
    void folder(const os::Fd& fd, const std::string& path) {
        if (marks_ == Marks::overlay && ::fgetxattr(fd.get(), "trusted.overlay.opaque", nullptr, 0) > 0) {
            TarEntry mark;
            mark.path = cat(path, ".wh..wh..opq");
            mark.mode = 0600;
            tar_.add(mark);
        }
        for (const auto& name : names_in(fd, path)) one(fd, path, name, name);
    }

    void one(const os::Fd& parent, const std::string& folder_path, const std::string& name, const std::string& as) {
        struct stat st {};
        if (::fstatat(parent.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
            throw_errno(cat("reading ", folder_path, name));
        TarEntry entry;
        entry.path = cat(folder_path, as);
        entry.mode = st.st_mode & 07777;
        entry.uid = st.st_uid;
        entry.gid = st.st_gid;
        entry.mtime = st.st_mtim.tv_sec;
        if (marks_ == Marks::overlay && S_ISCHR(st.st_mode) && st.st_rdev == 0) {
            TarEntry whiteout;
            whiteout.path = cat(folder_path, ".wh.", name);
            whiteout.mode = 0600;
            return tar_.add(whiteout);
        }
        if (!S_ISDIR(st.st_mode) && st.st_nlink > 1) {
            const auto [known, fresh] = links_.try_emplace({st.st_dev, st.st_ino}, entry.path);
            if (!fresh) {
                entry.kind = TarEntry::Kind::hard_link;
                entry.link = known->second;
                return tar_.add(entry);
            }
        }
        switch (st.st_mode & S_IFMT) {
            case S_IFREG: return file(parent, name, std::move(entry), st.st_size);
            case S_IFDIR: {
                const os::Fd fd = os::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
                entry.kind = TarEntry::Kind::folder;
                entry.xattrs = attributes(fd);
                tar_.add(entry);
                if (deep_) folder(fd, cat(entry.path, '/'));
                return;
            }
            case S_IFLNK: {
                char target[4096];
                const ssize_t n = ::readlinkat(parent.get(), name.c_str(), target, sizeof target);
                if (n < 0) throw_errno(cat("reading ", entry.path));
                entry.kind = TarEntry::Kind::symbolic_link;
                entry.link.assign(target, static_cast<std::size_t>(n));
                return tar_.add(entry);
            }
            case S_IFIFO: entry.kind = TarEntry::Kind::fifo; break;
            case S_IFCHR: entry.kind = TarEntry::Kind::character_device; break;
            case S_IFBLK: entry.kind = TarEntry::Kind::block_device; break;
            default: return;  // a socket means nothing without its process
        }
        entry.major = ::major(st.st_rdev);
        entry.minor = ::minor(st.st_rdev);
        tar_.add(entry);
    }

    void file(const os::Fd& parent, const std::string& name, TarEntry entry, std::int64_t size) {
        const os::Fd fd = os::open_at(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        entry.size = entry.real_size = size;
        entry.xattrs = attributes(fd);
        tar_.add(entry);
        for (std::int64_t left = size; left > 0;) {
            const auto want =
                static_cast<std::size_t>(std::min<std::int64_t>(left, static_cast<std::int64_t>(buffer_.size())));
            const ssize_t n = ::read(fd.get(), buffer_.data(), want);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) throw_errno(cat("reading ", entry.path));
            if (n == 0) throw Error(ErrorKind::conflict, cat(entry.path, " became shorter while it was read"));
            tar_.content({buffer_.data(), static_cast<std::size_t>(n)});
            left -= n;
        }
    }

    static std::map<std::string, std::string> attributes(const os::Fd& fd) {
        std::map<std::string, std::string> out;
        char names[65536];
        const ssize_t length = ::flistxattr(fd.get(), names, sizeof names);
        for (ssize_t at = 0; at < length;) {
            const std::string name(names + at);
            at += static_cast<ssize_t>(name.size()) + 1;
            const bool wanted = name == "security.capability" ||
                                (name.starts_with("user.") && !name.starts_with("user.overlay.")) ||
                                name.starts_with("system.posix_acl_");
            if (!wanted) continue;
            std::string value(65536, '\0');
            const ssize_t n = ::fgetxattr(fd.get(), name.c_str(), value.data(), value.size());
            if (n < 0) continue;
            value.resize(static_cast<std::size_t>(n));
            out.emplace(name, std::move(value));
        }
        return out;
    }

    static std::vector<std::string> names_in(const os::Fd& folder, const std::string& path) {
        std::vector<std::string> names;
        const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(folder.duplicate().release()), ::closedir);
        if (!dir) throw_errno(cat("reading folder ", path));
        ::rewinddir(dir.get());
        while (const dirent* entry = ::readdir(dir.get())) {
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") names.emplace_back(name);
        }
        std::ranges::sort(names);
        return names;
    }

    TarWriter tar_;
    std::vector<char> buffer_;
    Marks marks_;
    bool deep_ = true;
    std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

}  // namespace

void pack(const os::Fd& root, base::Sink& to) { Packer(to, Packer::Marks::overlay).run(root); }

void pack_entry(const os::Fd& folder, const std::string& name, const std::string& as, base::Sink& to) {
    Packer(to, Packer::Marks::none).run_one(folder, name, as);
}

void pack_paths(const std::vector<PackedAs>& paths, base::Sink& to) { Packer(to, Packer::Marks::none).run_each(paths); }

void pack_files(const os::Fd& root, base::Sink& to) {
    Packer(to, Packer::Marks::none).run(os::open_at(root, ".", O_RDONLY | O_DIRECTORY));
}

}  // namespace tutti::oci
