// Files on disk: read whole, write aside and rename, folders, temporary folders, locks.
// Used for every record (docs/ARCHITECTURE.md, decision 7). Paths here are ours, never a container's (see os/root.h for
// those).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "os/fd.h"

namespace tutti::os {

std::string read_file(const std::string& path, std::size_t limit = std::size_t{1} << 30);
std::optional<std::string> read_file_if_exists(const std::string& path);

enum class Durable { no, yes };  // yes: fsync of the file and its folder before returning
// Writes PATH.tmp-PID-N in the same folder and renames it over PATH.
void write_file(const std::string& path, std::string_view content, unsigned mode = 0600, Durable durable = Durable::no);

void make_folders(const std::string& path, unsigned mode = 0700);  // like mkdir -p
bool exists(const std::string& path);                              // lstat
std::vector<std::string> list_folder(const std::string& path);     // names, sorted, without . and ..; empty if absent
void remove_file(const std::string& path);                         // absent is fine
void remove_tree(const std::string& path);  // never follows links, never crosses a mount; absent is fine

// A folder that goes away with the object.
class TempFolder {
  public:
    explicit TempFolder(const std::string& parent = "/tmp", std::string_view prefix = "tutti-");
    TempFolder(TempFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TempFolder& operator=(TempFolder&&) = delete;
    TempFolder(const TempFolder&) = delete;
    ~TempFolder();
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// flock(2) on a file that is made if absent; held as long as the object lives.
class FileLock {
  public:
    enum class Mode { shared, exclusive };
    static FileLock wait(const std::string& path, Mode mode = Mode::exclusive);
    static std::optional<FileLock> try_now(const std::string& path, Mode mode = Mode::exclusive);
    // Of a folder or file that must be there already, and still is once the lock is held. Nothing: it is gone (or, for
    // the second, somebody else holds it).
    static std::optional<FileLock> wait_existing(const std::string& path, Mode mode = Mode::exclusive);
    static std::optional<FileLock> try_existing(const std::string& path, Mode mode = Mode::exclusive);
    const Fd& fd() const { return fd_; }

  private:
    explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

// The real base::Files. Refuses what is not a regular file (FIFOs, devices) and more than `limit` bytes.
class RealFiles : public base::Files {
  public:
    explicit RealFiles(std::size_t limit = std::size_t{256} << 20) : limit_(limit) {}
    Kind kind(const std::string& path) const override;
    std::string read(const std::string& path) const override;
    std::optional<std::string> read_link(const std::string& path) const override;
    std::string read_stdin() const override;

  private:
    std::size_t limit_;
};

}  // namespace tutti::os
