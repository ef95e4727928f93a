#include "embedded/logs/read.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/watch.h"

namespace tutti::embedded::logs {

using base::cat;
using base::throw_errno;

namespace {

constexpr std::size_t block_size = 64 * 1024;

struct Inode {
    dev_t device = 0;
    ino_t number = 0;
    bool operator==(const Inode&) const = default;
};

Inode inode_of(const os::Fd& fd) {
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) throw_errno("reading a log");
    return {info.st_dev, info.st_ino};
}

// The log's files, newest first, opened in that order: one that is renamed meanwhile is seen again under its next
// name and left out, so nothing is missed and nothing read twice. Ends before the file `known`, if given.
std::vector<os::Fd> open_chain(const std::string& path, const Inode* known = nullptr) {
    std::vector<os::Fd> files;
    std::vector<Inode> seen;
    for (int i = 0;; ++i) {
        os::Fd file(::open(i == 0 ? path.c_str() : cat(path, '.', i).c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) {
            if (i == 0 && errno == ENOENT) continue;  // between two renames
            break;
        }
        const Inode inode = inode_of(file);
        if (known && inode == *known) break;
        if (std::ranges::find(seen, inode) != seen.end()) continue;
        seen.push_back(inode);
        files.push_back(std::move(file));
    }
    return files;
}

// Where the last `lines` lines of a file begin; what is still missing is left in `lines`.
off_t tail_start(const os::Fd& file, std::int64_t& lines) {
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) throw_errno("reading a log");
    std::string block;
    off_t end = info.st_size;
    bool last = true;  // the very last newline ends a line, it does not begin one
    while (end > 0) {
        const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(block_size));
        block.resize(static_cast<std::size_t>(end - begin));
        const auto n = ::pread(file.get(), block.data(), block.size(), begin);
        if (n <= 0) break;
        for (auto i = n; i-- > 0;) {
            if (block[static_cast<std::size_t>(i)] != '\n') continue;
            if (std::exchange(last, false)) continue;
            if (--lines == 0) return begin + i + 1;
        }
        end = begin;
    }
    if (!last) --lines;  // the file's first line
    return 0;
}

class LogReader {
  public:
    LogReader(const engine::LogOptions& options, const engine::LogSink& sink, const os::Cancel& cancel)
        : options_(options), sink_(sink), cancel_(cancel) {}

    // From the file's position to its present end. False: past `until`, nothing more is wanted.
    bool read_on(const os::Fd& file) {
        std::string block(block_size, '\0');
        for (ssize_t n; (n = ::read(file.get(), block.data(), block.size())) > 0;) {
            cancel_.check();
            rest_.append(block.data(), static_cast<std::size_t>(n));
            if (!give_lines()) return false;
        }
        return true;
    }
    void file_ends() { rest_.clear(); }  // what a crash tore

  private:
    bool give_lines() {
        std::size_t at = 0;
        for (std::size_t end; (end = rest_.find('\n', at)) != std::string::npos; at = end + 1) {
            const auto line = parse_line(std::string_view(rest_).substr(at, end - at));
            if (!line || line->time < options_.since) continue;
            if (options_.until != engine::Time{} && line->time > options_.until) return false;
            if (line->stream == engine::StreamKind::stderr_ ? options_.stderr_ : options_.stdout_) sink_(*line);
        }
        rest_.erase(0, at);
        return true;
    }

    const engine::LogOptions& options_;
    const engine::LogSink& sink_;
    const os::Cancel& cancel_;
    std::string rest_;
};

// Waits for news of the log (true) or the end of the container (false).
bool wait_for_more(const os::Watch& watch, int ended, const os::Cancel& cancel) {
    for (;;) {
        std::array<pollfd, 3> fds{{{watch.fd().get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}, {ended, POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) throw_errno("waiting for a log");
        cancel.check();
        if (fds[0].revents != 0) return true;
        if (fds[2].revents != 0) return false;
    }
}

}  // namespace

void read(const std::string& path, const engine::LogOptions& options, int ended, const engine::LogSink& sink,
          const os::Cancel& cancel) {
    if (::access(path.c_str(), F_OK) != 0) return;
    std::optional<os::Watch> watch;
    if (options.follow)
        watch.emplace().add(path.substr(0, path.rfind('/')), IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_ONLYDIR);
    auto files = open_chain(path);
    std::int64_t missing = options.tail;
    if (options.tail >= 0) {
        std::size_t used = 0;
        for (; used < files.size() && missing > 0; ++used)
            ::lseek(files[used].get(), tail_start(files[used], missing), SEEK_SET);
        if (used == 0 && !files.empty()) ::lseek(files[used++].get(), 0, SEEK_END);
        files.resize(used);
    }
    LogReader reader(options, sink, cancel);
    for (std::size_t i = files.size(); i-- > 1;) {
        if (!reader.read_on(files[i])) return;
        reader.file_ends();
    }
    if (files.empty() || !reader.read_on(files.front()) || !options.follow) return;

    os::Fd current = std::move(files.front());
    for (bool running = true; running;) {
        running = wait_for_more(*watch, ended, cancel);
        watch->drain();
        // What replaced the current file, oldest last; asked for before reading, since nothing is added to a file that
        // was moved aside.
        const Inode inode = inode_of(current);
        auto newer = open_chain(path, &inode);
        if (!reader.read_on(current)) return;
        for (; !newer.empty(); newer.pop_back()) {
            reader.file_ends();
            current = std::move(newer.back());
            if (!reader.read_on(current)) return;
        }
    }
}

}  // namespace tutti::embedded::logs
