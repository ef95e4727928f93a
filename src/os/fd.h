// A file descriptor, owned. Every descriptor of this program lives in one; all are close-on-exec.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace tutti::os {

class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }
    void reset();
    Fd duplicate() const;  // throws Error

  private:
    int fd_ = -1;
};

// open(2)/openat(2) with O_CLOEXEC; throws Error "opening PATH".
Fd open(const std::string& path, int flags, unsigned mode = 0);
Fd open_at(const Fd& folder, const std::string& path, int flags, unsigned mode = 0);

struct Pipe {
    Fd read, write;
};
Pipe make_pipe(int flags = 0);  // O_CLOEXEC is added

void write_all(const Fd& fd, std::string_view bytes);  // throws Error; continues after EINTR and short writes
std::string read_to_end(const Fd& fd,
                        std::size_t limit = std::size_t{1} << 30);  // throws Error (invalid beyond the limit)

}  // namespace tutti::os
