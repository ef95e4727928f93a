#include "embedded/build/archive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "oci/compress.h"
#include "os/process.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view bzip2_magic = "BZh";
constexpr std::string_view xz_magic(
    "\xfd"
    "7zXZ\0",
    6);

std::string head_of(const os::Fd& fd) {
    std::string head(512, '\0');
    const ssize_t n = ::pread(fd.get(), head.data(), head.size(), 0);
    head.resize(n <= 0 ? 0 : static_cast<std::size_t>(n));
    return head;
}

class FdSource : public base::Source {
  public:
    FdSource(os::Fd fd, std::string what) : fd_(std::move(fd)), what_(std::move(what)) {}
    std::size_t read(char* into, std::size_t size) override {
        ssize_t n = 0;
        while ((n = ::read(fd_.get(), into, size)) < 0 && errno == EINTR) {}
        if (n < 0) base::throw_errno(cat("reading ", what_));
        return static_cast<std::size_t>(n);
    }

  private:
    os::Fd fd_;
    std::string what_;
};

// What oci reads: it needs the file as long as it is read from.
class Inflated : public base::Source {
  public:
    Inflated(os::Fd fd, const std::string& path) : file_(std::move(fd), path), plain_(oci::decompress(file_)) {}
    std::size_t read(char* into, std::size_t size) override { return plain_->read(into, size); }

  private:
    FdSource file_;
    std::unique_ptr<base::Source> plain_;
};

// What `PROGRAM -dc` writes; that it failed is said at the end.
class FromProgram : public base::Source {
  public:
    FromProgram(const std::string& program, const os::Fd& file, std::string path, const os::Cancel& cancel)
        : path_(std::move(path)),
          cancel_(cancel),
          pipe_(os::make_pipe()),
          process_(start(program, file)),
          output_(pipe_.read.duplicate(), path_) {
        pipe_.write.reset();
    }

    std::size_t read(char* into, std::size_t size) override {
        const std::size_t n = output_.read(into, size);
        if (n == 0 && !std::exchange(ended_, true)) {
            const auto status = process_.wait(cancel_);
            if (!status || status->code != 0)
                throw Error(ErrorKind::invalid, cat("ADD ", path_, ": the archive is damaged"));
        }
        return n;
    }

  private:
    os::Process start(const std::string& program, const os::Fd& file) {
        const auto found = os::find_program("/usr/local/bin:/usr/bin:/bin", program);
        if (!found)
            throw Error(ErrorKind::unsupported,
                        cat("ADD ", path_, ": unpacking it takes ", program, ", which is not installed"),
                        cat("install it (Debian: ", program == "xz" ? "xz-utils" : program,
                            "), or COPY the archive and unpack it with RUN"));
        os::Command command;
        command.argv = {*found, "-dc"};
        command.fds = {{file.get(), 0}, {pipe_.write.get(), 1}};
        return os::Process::spawn(command);
    }

    std::string path_;
    const os::Cancel& cancel_;
    os::Pipe pipe_;
    os::Process process_;
    FdSource output_;
    bool ended_ = false;
};

}  // namespace

bool looks_like_archive(const os::Fd& root, const std::string& path) {
    const os::Fd fd(::openat(root.get(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
    const std::string head = head_of(fd);
    return head.starts_with("\x1f\x8b") || head.starts_with("\x28\xb5\x2f\xfd") || head.starts_with(bzip2_magic) ||
           head.starts_with(xz_magic) || (head.size() >= 512 && std::string_view(head).substr(257, 5) == "ustar");
}

std::unique_ptr<base::Source> open_archive(const os::Fd& root, const std::string& path, const os::Cancel& cancel) {
    os::Fd fd = os::open_at(root, path, O_RDONLY);
    const std::string head = head_of(fd);
    if (head.starts_with(bzip2_magic)) return std::make_unique<FromProgram>("bzip2", fd, path, cancel);
    if (head.starts_with(xz_magic)) return std::make_unique<FromProgram>("xz", fd, path, cancel);
    return std::make_unique<Inflated>(std::move(fd), path);
}

}  // namespace tutti::embedded::build
