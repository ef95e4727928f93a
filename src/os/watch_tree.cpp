#include "os/watch_tree.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "os/file.h"

namespace tutti::os {

using base::cat;

namespace {

constexpr unsigned events = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM |
                            IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;

bool is_folder(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_below(std::string_view path, std::string_view folder) {
    return path == folder || folder == "/" ||
           (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

}  // namespace

WatchTree::WatchTree(std::vector<std::string> roots, std::function<bool(const std::string&)> passes_over)
    : roots_(std::move(roots)), passes_over_(std::move(passes_over)), fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (!fd_ && errno == EMFILE)
        throw base::Error(base::ErrorKind::unavailable, "no more inotify instances are left for watching files",
                          "raise fs.inotify.max_user_instances (sysctl), or stop another watcher");
    if (!fd_) base::throw_errno("watching files");
    for (const std::string& root : roots_) add_root(root, nullptr);
}

bool WatchTree::below_a_root(const std::string& path) const {
    return std::any_of(roots_.begin(), roots_.end(), [&](const std::string& root) { return is_below(path, root); });
}

// A folder with all below it; of a file, or of what is not there yet, the nearest folder above.
void WatchTree::add_root(const std::string& root, std::set<std::string>* found) {
    std::string folder = root;
    while (!is_folder(folder) && folder != "/") folder = base::path::folder(folder);
    add(folder, found);
}

void WatchTree::add(const std::string& path, std::set<std::string>* found) {
    const bool counts = below_a_root(path);
    if (counts && found) found->insert(path);
    if (!is_folder(path) || (counts && passes_over_ && passes_over_(path))) return;
    const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), events);
    if (watch < 0) {
        if (errno == ENOENT || errno == ENOTDIR) return;  // gone again
        if (errno == ENOSPC)
            throw base::Error(base::ErrorKind::unavailable,
                              cat("too many folders to watch: ", path, " is beyond this machine's limit"),
                              "raise fs.inotify.max_user_watches (sysctl), or watch fewer folders");
        base::throw_errno(cat("watching ", path));
    }
    folders_[watch] = path;
    watches_[path] = watch;
    // Listed after the watch stands: what comes meanwhile is seen twice rather than never.
    if (counts)
        for (const std::string& name : list_folder(path)) add(cat(path == "/" ? "" : path, "/", name), found);
}

void WatchTree::forget(const std::string& folder) {
    for (auto it = watches_.lower_bound(folder); it != watches_.end() && it->first.starts_with(folder);) {
        if (!is_below(it->first, folder)) {
            ++it;
            continue;
        }
        ::inotify_rm_watch(fd_.get(), it->second);
        folders_.erase(it->second);
        it = watches_.erase(it);
    }
}

void WatchTree::take(int watch, unsigned mask, const std::string& name, std::set<std::string>& found) {
    const auto folder = folders_.find(watch);
    if (folder == folders_.end()) return;
    const std::string own = folder->second;
    if (mask & IN_IGNORED) {
        watches_.erase(own);
        folders_.erase(watch);
        for (const std::string& root : roots_)
            if (is_below(root, own)) add_root(root, &found);
        return;
    }
    if (name.empty()) return;
    const std::string path = cat(own == "/" ? "" : own, "/", name);
    if (mask & IN_ISDIR && mask & (IN_MOVED_FROM | IN_DELETE)) forget(path);
    if (below_a_root(path)) {
        found.insert(path);
        if (mask & (IN_CREATE | IN_MOVED_TO)) add(path, &found);
        return;
    }
    // On the way to a root that was not there.
    if (mask & (IN_CREATE | IN_MOVED_TO))
        for (const std::string& root : roots_)
            if (is_below(root, path)) add_root(root, &found);
}

void WatchTree::read_events(Changes& changes, std::set<std::string>& found) {
    alignas(inotify_event) char buffer[16384];
    while (true) {
        const ssize_t got = ::read(fd_.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        for (ssize_t at = 0; at < got;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
            at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
            if (event->mask & IN_Q_OVERFLOW) {
                changes.lost = true;
                for (const std::string& root : roots_) add_root(root, &found);
                continue;
            }
            take(event->wd, event->mask, event->len ? std::string(event->name) : std::string(), found);
        }
    }
}

WatchTree::Changes WatchTree::next(Clock::duration quiet, const Cancel& cancel) {
    Changes changes;
    std::set<std::string> found;
    while (found.empty()) {
        wait(fd_, POLLIN, cancel);
        read_events(changes, found);
    }
    while (wait(fd_, POLLIN, cancel, Clock::now() + quiet) == Ready::yes) read_events(changes, found);
    changes.paths.assign(found.begin(), found.end());
    return changes;
}

}  // namespace tutti::os
