#include "embedded/build/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "oci/inside.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;
using base::throw_errno;

namespace {

std::string below(const std::string& folder, std::string_view name) {
    return folder.empty() || folder == "." ? std::string(name) : cat(folder, '/', name);
}

std::vector<std::string> names_in(const os::Fd& folder) {
    const int copy = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) throw_errno("reading a folder");
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(copy), ::closedir);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(dir.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
}

// One thing found: its path from the source's root, held by O_PATH descriptor, not followed.
struct Found {
    std::string path;
    os::Fd fd;
    struct stat st {};
};

Found look_at(const os::Fd& parent, std::string path, const std::string& name) {
    Found out{.path = std::move(path),
              .fd = os::Fd(::openat(parent.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC))};
    if (!out.fd || ::fstat(out.fd.get(), &out.st) != 0) throw_errno(cat("opening ", out.path));
    return out;
}

std::string link_target(const Found& found) {
    std::array<char, 4096> target{};
    const ssize_t n = ::readlinkat(found.fd.get(), "", target.data(), target.size());
    if (n < 0) throw_errno(cat("reading link ", found.path));
    return {target.data(), static_cast<std::size_t>(n)};
}

os::Fd open_to_read(const Found& found) {
    os::Fd fd(::open(cat("/proc/self/fd/", found.fd.get()).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) throw_errno(cat("opening ", found.path));
    return fd;
}

os::Fd as_folder(const Found& found) {
    os::Fd fd(::openat(found.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw_errno(cat("opening ", found.path));
    return fd;
}

bool left_out(const Selection& selection, const std::string& path) {
    return (selection.ignore && selection.ignore->ignored(path)) || selection.exclude.ignored(path);
}

bool may_hold_more(const Selection& selection, const std::string& folder) {
    return (selection.ignore && selection.ignore->may_hold_exceptions(folder)) ||
           selection.exclude.may_hold_exceptions(folder);
}

// Calls visit(found, path relative to `top`) for the thing and all below it, folders first, in order of names.
void walk(const Selection& selection, const Found& top, const std::string& relative,
          const std::function<void(const Found&, const std::string&)>& visit) {
    visit(top, relative);
    if (!S_ISDIR(top.st.st_mode)) return;
    const os::Fd folder = as_folder(top);
    for (const auto& name : names_in(folder)) {
        const std::string path = below(top.path, name);
        const bool out = left_out(selection, path);
        if (out && !may_hold_more(selection, path)) continue;
        const Found child = look_at(folder, path, name);
        if (out && !S_ISDIR(child.st.st_mode)) continue;
        if (S_ISSOCK(child.st.st_mode)) continue;
        walk(selection, child, below(relative, name), visit);
    }
}

// The source itself is followed if it is a link (inside the root), what lies below a folder is not.
Found open_source(const Selection& selection, const std::string& path) {
    auto fd = oci::open_inside(*selection.root, path == "." ? "" : path, O_PATH);
    if (!fd) throw Error(ErrorKind::not_found, cat("\"/", path, "\": not found"));
    Found out{.path = path, .fd = std::move(*fd)};
    if (::fstat(out.fd.get(), &out.st) != 0) throw_errno(cat("opening ", path));
    return out;
}

bool has_wildcards(std::string_view pattern) { return pattern.find_first_of("*?[\\") != std::string_view::npos; }

// Matches part by part, so that only folders that can match are looked into.
void expand_into(const Selection& selection, const os::Fd& folder, const std::string& at,
                 std::vector<std::string_view> parts, std::vector<std::string>& out) {
    if (parts.empty()) return;
    const std::string_view part = parts.front();
    parts.erase(parts.begin());
    if (part == "**") expand_into(selection, folder, at, parts, out);
    for (const auto& name : names_in(folder)) {
        const std::string path = below(at, name);
        const bool deep = part == "**";
        if (!deep && !base::matches_path(part, name)) continue;
        if (selection.ignore && selection.ignore->ignored(path) && !selection.ignore->may_hold_exceptions(path))
            continue;
        if (parts.empty()) {
            out.push_back(path);
            continue;
        }
        const Found found = look_at(folder, path, name);
        if (!S_ISDIR(found.st.st_mode)) continue;
        std::vector<std::string_view> rest = parts;
        if (deep) rest.insert(rest.begin(), part);
        expand_into(selection, as_folder(found), path, rest, out);
    }
}

class Copier {
  public:
    Copier(const Selection& selection, const Destination& destination) : selection_(selection), to_(destination) {}

    // `target`: path below the destination's root that the source itself becomes.
    void copy(const Found& source, const std::string& target) {
        const auto folder = target.empty() || target == "." ? std::string() : base::path::folder(target);
        make_folders_inside(*to_.root, folder, 0755, to_.owner);
        walk(selection_, source, target, [&](const Found& found, const std::string& path) { put(found, path); });
        for (auto it = times_.rbegin(); it != times_.rend(); ++it) ::futimens(it->first.get(), it->second.data());
        times_.clear();
    }

  private:
    Owner owner_of(const Found& found) const {
        if (to_.owner) return *to_.owner;
        return selection_.own_owners ? Owner{found.st.st_uid, found.st.st_gid} : Owner{};
    }

    std::uint32_t mode_of(const Found& found) const {
        const std::uint32_t mode = found.st.st_mode & 07777;
        return to_.chmod ? to_.chmod->apply(mode, S_ISDIR(found.st.st_mode)) : mode;
    }

    void put(const Found& found, const std::string& path) {
        if (S_ISDIR(found.st.st_mode)) return put_folder(found, path);
        const auto parent = oci::open_inside(
            *to_.root, path.find('/') == std::string::npos ? "" : base::path::folder(path), O_RDONLY | O_DIRECTORY);
        if (!parent) throw Error(ErrorKind::conflict, cat("cannot copy to /", path, ": its folder is a file"));
        const std::string name(base::path::last(path));
        struct stat there {};
        if (::fstatat(parent->get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) {
            if (S_ISDIR(there.st_mode))
                throw Error(ErrorKind::conflict,
                            cat("cannot copy to non-directory: /", path, " is a folder, the source is a file"));
            if (::unlinkat(parent->get(), name.c_str(), 0) != 0) throw_errno(cat("replacing /", path));
        }
        make(found, *parent, name, path);
    }

    void make(const Found& found, const os::Fd& parent, const std::string& name, const std::string& path) {
        const Owner owner = owner_of(found);
        const std::array<timespec, 2> times{found.st.st_atim, found.st.st_mtim};
        if (S_ISLNK(found.st.st_mode)) {
            if (::symlinkat(link_target(found).c_str(), parent.get(), name.c_str()) != 0)
                throw_errno(cat("making link /", path));
            if (::fchownat(parent.get(), name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0)
                throw_errno(cat("changing the owner of /", path));
            ::utimensat(parent.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
            return;
        }
        if (!S_ISREG(found.st.st_mode)) {
            if (::mknodat(parent.get(), name.c_str(), found.st.st_mode, found.st.st_rdev) != 0)
                throw_errno(cat("making /", path));
            if (::fchownat(parent.get(), name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0)
                throw_errno(cat("changing the owner of /", path));
            return;
        }
        const os::Fd from = open_to_read(found);
        const os::Fd to = os::open_at(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        copy_data(from, to, path);
        copy_attributes(from, to);
        if (::fchown(to.get(), owner.uid, owner.gid) != 0) throw_errno(cat("changing the owner of /", path));
        if (::fchmod(to.get(), mode_of(found)) != 0) throw_errno(cat("changing the mode of /", path));
        ::futimens(to.get(), times.data());
    }

    static void copy_data(const os::Fd& from, const os::Fd& to, const std::string& path) {
        for (;;) {
            const ssize_t n = ::copy_file_range(from.get(), nullptr, to.get(), nullptr, std::size_t{1} << 30, 0);
            if (n == 0) return;
            if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP)) break;
            if (n < 0) throw_errno(cat("writing /", path));
        }
        std::string buffer(std::size_t{256} << 10, '\0');
        for (;;) {
            const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
            if (n < 0) throw_errno(cat("reading the source of /", path));
            if (n == 0) return;
            base::in_context(cat("/", path), [&] { os::write_all(to, {buffer.data(), static_cast<std::size_t>(n)}); });
        }
    }

    // Capabilities of programs and the user's own attributes; what the file system refuses was not worth failing for.
    static void copy_attributes(const os::Fd& from, const os::Fd& to) {
        std::array<char, 65536> names{};
        const ssize_t size = ::flistxattr(from.get(), names.data(), names.size());
        for (ssize_t at = 0; at < size;) {
            const std::string name(names.data() + at);
            at += static_cast<ssize_t>(name.size()) + 1;
            if (name != "security.capability" && !name.starts_with("user.")) continue;
            std::array<char, 65536> value{};
            const ssize_t n = ::fgetxattr(from.get(), name.c_str(), value.data(), value.size());
            if (n >= 0) ::fsetxattr(to.get(), name.c_str(), value.data(), static_cast<std::size_t>(n), 0);
        }
    }

    void put_folder(const Found& found, const std::string& path) {
        const std::string clean = path == "." ? "" : path;
        const bool existed = oci::open_inside(*to_.root, clean, O_PATH | O_DIRECTORY).has_value();
        make_folders_inside(*to_.root, clean, 0755, to_.owner);
        auto folder = oci::open_inside(*to_.root, clean, O_RDONLY | O_DIRECTORY);
        if (!folder) throw Error(ErrorKind::conflict, cat("cannot copy a folder to /", path, ": a file is there"));
        // The destination itself keeps what it has; folders that come with the copy bring their own.
        if (existed && clean == to_.path) return;
        const Owner owner = owner_of(found);
        if (::fchown(folder->get(), owner.uid, owner.gid) != 0) throw_errno(cat("changing the owner of /", path));
        if (::fchmod(folder->get(), mode_of(found)) != 0) throw_errno(cat("changing the mode of /", path));
        times_.emplace_back(std::move(*folder), std::array<timespec, 2>{found.st.st_atim, found.st.st_mtim});
    }

    const Selection& selection_;
    const Destination& to_;
    std::vector<std::pair<os::Fd, std::array<timespec, 2>>> times_;  // set once all is inside
};

}  // namespace

std::vector<std::string> expand_patterns(const Selection& selection) {
    std::vector<std::string> out;
    for (const auto& pattern : selection.patterns) {
        if (!has_wildcards(pattern)) {
            if (selection.ignore && pattern != "." && selection.ignore->ignored(pattern) &&
                !selection.ignore->may_hold_exceptions(pattern))
                throw Error(ErrorKind::not_found, cat("\"/", pattern, "\": not found"),
                            "a pattern of .dockerignore leaves it out");
            open_source(selection, pattern);
            out.push_back(pattern);
            continue;
        }
        const std::size_t before = out.size();
        expand_into(selection, *selection.root, "", base::split(pattern, '/'), out);
        if (out.size() == before)
            throw Error(ErrorKind::not_found, cat("\"/", pattern, "\": not found"),
                        "no file of the context matches this pattern");
    }
    return out;
}

base::Digest content_digest(const Selection& selection, const std::vector<std::string>& sources) {
    base::Hasher hasher;
    const auto add = [&](std::string_view text) {
        hasher.add(cat(text.size(), ':'));
        hasher.add(text);
    };
    for (const auto& source : sources) {
        const Found top = open_source(selection, source);
        add(S_ISDIR(top.st.st_mode) ? std::string_view("/") : base::path::last(source));
        walk(selection, top, "", [&](const Found& found, const std::string& relative) {
            add(relative);
            add(cat(found.st.st_mode, ' ', selection.own_owners ? found.st.st_uid : 0, ' ',
                    selection.own_owners ? found.st.st_gid : 0));
            if (S_ISLNK(found.st.st_mode)) add(link_target(found));
            if (!S_ISREG(found.st.st_mode)) return;
            const os::Fd fd = open_to_read(found);
            hasher.add(cat(found.st.st_size, ':'));
            std::string buffer(std::size_t{128} << 10, '\0');
            for (ssize_t n = 0; (n = ::read(fd.get(), buffer.data(), buffer.size())) != 0;) {
                if (n < 0) throw_errno(cat("reading ", found.path));
                hasher.add({buffer.data(), static_cast<std::size_t>(n)});
            }
        });
    }
    return hasher.finish();
}

void copy_to(const Selection& selection, const std::vector<std::string>& sources, const Destination& destination) {
    Copier copier(selection, destination);
    for (const auto& source : sources) {
        const Found found = open_source(selection, source);
        if (destination.parents) {
            copier.copy(found, below(destination.path, source));
        } else if (S_ISDIR(found.st.st_mode)) {
            copier.copy(found, destination.path);
        } else {
            const bool into = destination.folder ||
                              oci::open_inside(*destination.root, destination.path, O_PATH | O_DIRECTORY).has_value();
            copier.copy(found, into ? below(destination.path, base::path::last(source)) : destination.path);
        }
    }
}

void make_folders_inside(const os::Fd& root, const std::string& path, std::uint32_t mode, std::optional<Owner> owner) {
    if (path.empty() || path == ".") return;
    if (oci::open_inside(root, path, O_PATH | O_DIRECTORY)) return;
    const std::string parent = path.find('/') == std::string::npos ? "" : base::path::folder(path);
    make_folders_inside(root, parent, mode, owner);
    const auto folder = oci::open_inside(root, parent, O_RDONLY | O_DIRECTORY);
    if (!folder) throw Error(ErrorKind::conflict, cat("/", parent, " is not a folder"));
    const std::string name(base::path::last(path));
    if (::mkdirat(folder->get(), name.c_str(), mode) != 0 && errno != EEXIST) throw_errno(cat("making folder /", path));
    if (owner && ::fchownat(folder->get(), name.c_str(), owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) != 0)
        throw_errno(cat("changing the owner of /", path));
}

}  // namespace tutti::embedded::build
