#include "os/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace tutti::os {

using base::cat;
using base::throw_errno;

namespace {

class Copier {
  public:
    Copier(const Fd& top, OverlayMarks marks) : top_(top), marks_(marks) {}

    void folder(const Fd& from, const Fd& to, const std::string& path) {
        for (const auto& name : names_in(from, path)) one(from, to, name, path.empty() ? name : cat(path, '/', name));
        struct stat st {};
        if (::fstat(from.get(), &st) != 0) throw_errno(cat("reading ", path));
        finish(from, to, st, path);
    }

  private:
    void one(const Fd& from, const Fd& to, const std::string& name, const std::string& path) {
        struct stat st {};
        if (::fstatat(from.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) throw_errno(cat("reading ", path));
        if (!S_ISDIR(st.st_mode) && st.st_nlink > 1) {
            const auto [known, fresh] = links_.try_emplace({st.st_dev, st.st_ino}, path);
            if (!fresh) {
                if (::linkat(top_.get(), known->second.c_str(), to.get(), name.c_str(), 0) != 0)
                    throw_errno(cat("linking ", path));
                return;
            }
        }
        switch (st.st_mode & S_IFMT) {
            case S_IFREG: return file(from, to, name, st, path);
            case S_IFDIR: {
                if (::mkdirat(to.get(), name.c_str(), 0700) != 0) throw_errno(cat("making ", path));
                return folder(open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
                              open_at(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path);
            }
            case S_IFLNK: {
                char target[4096];
                const ssize_t n = ::readlinkat(from.get(), name.c_str(), target, sizeof target - 1);
                if (n < 0) throw_errno(cat("reading ", path));
                target[n] = '\0';
                if (::symlinkat(target, to.get(), name.c_str()) != 0) throw_errno(cat("making ", path));
                break;
            }
            case S_IFSOCK: return;
            default:
                if (::mknodat(to.get(), name.c_str(), st.st_mode, st.st_rdev) != 0) throw_errno(cat("making ", path));
        }
        if (::fchownat(to.get(), name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
            throw_errno(cat("changing the owner of ", path));
        if (!S_ISLNK(st.st_mode) && ::fchmodat(to.get(), name.c_str(), st.st_mode & 07777, 0) != 0)
            throw_errno(cat("changing the mode of ", path));
        const timespec times[2] = {st.st_atim, st.st_mtim};
        ::utimensat(to.get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW);
    }

    void file(const Fd& from, const Fd& to, const std::string& name, const struct stat& st, const std::string& path) {
        const Fd in = open_at(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
        const Fd out = open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (::ioctl(out.get(), FICLONE, in.get()) != 0) copy_bytes(in, out, path);
        finish(in, out, st, path);
    }

    static void copy_bytes(const Fd& in, const Fd& out, const std::string& path) {
        for (;;) {
            const ssize_t n = ::copy_file_range(in.get(), nullptr, out.get(), nullptr, std::size_t{1} << 30, 0);
            if (n == 0) return;
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)) break;
            if (n < 0) throw_errno(cat("copying ", path));
        }
        std::vector<char> buffer(std::size_t{256} << 10);
        for (;;) {
            const ssize_t n = ::read(in.get(), buffer.data(), buffer.size());
            if (n == 0) return;
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) throw_errno(cat("reading ", path));
            base::in_context(path, [&] { write_all(out, {buffer.data(), static_cast<std::size_t>(n)}); });
        }
    }

    // Owner before mode before attributes: each takes something of the next away.
    void finish(const Fd& from, const Fd& to, const struct stat& st, const std::string& path) const {
        if (::fchown(to.get(), st.st_uid, st.st_gid) != 0) throw_errno(cat("changing the owner of ", path));
        if (::fchmod(to.get(), st.st_mode & 07777) != 0) throw_errno(cat("changing the mode of ", path));
        char names[65536];
        const ssize_t length = ::flistxattr(from.get(), names, sizeof names);
        for (ssize_t at = 0; at < length;) {
            const std::string name(names + at);
            at += static_cast<ssize_t>(name.size()) + 1;
            const bool mark = marks_ == OverlayMarks::keep && name.starts_with("trusted.overlay.");
            if ((name.starts_with("trusted.") && !mark) || name == "security.selinux") continue;
            std::string value(65536, '\0');
            const ssize_t n = ::fgetxattr(from.get(), name.c_str(), value.data(), value.size());
            if (n >= 0 && ::fsetxattr(to.get(), name.c_str(), value.data(), static_cast<std::size_t>(n), 0) != 0 &&
                errno != EOPNOTSUPP)
                throw_errno(cat("setting ", name, " of ", path));
        }
        const timespec times[2] = {st.st_atim, st.st_mtim};
        ::futimens(to.get(), times);
    }

    static std::vector<std::string> names_in(const Fd& folder, const std::string& path) {
        std::vector<std::string> names;
        const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(folder.duplicate().release()), ::closedir);
        if (!dir) throw_errno(cat("reading folder ", path));
        ::rewinddir(dir.get());
        while (const dirent* entry = ::readdir(dir.get())) {
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") names.emplace_back(name);
        }
        return names;
    }

    const Fd& top_;
    const OverlayMarks marks_;
    std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

}  // namespace

void copy_tree(const Fd& from, const Fd& to, OverlayMarks marks) { Copier(to, marks).folder(from, to, ""); }

}  // namespace tutti::os
