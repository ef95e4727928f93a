#include "os/terminal.h"

#include <sys/ioctl.h>
#include <termios.h>

#include "base/error.h"

namespace tutti::os {

TerminalSize terminal_size(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
    return {size.ws_row, size.ws_col};
}

struct RawMode::Saved {
    termios mode;
};

RawMode::RawMode(int fd, Extent extent) : fd_(fd), saved_(std::make_unique<Saved>()) {
    if (::tcgetattr(fd, &saved_->mode) != 0) base::throw_errno("reading the mode of the terminal");
    termios raw = saved_->mode;
    if (extent == Extent::whole)
        ::cfmakeraw(&raw);
    else
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    if (::tcsetattr(fd, TCSADRAIN, &raw) != 0) base::throw_errno("setting the terminal to raw mode");
}

RawMode::~RawMode() { ::tcsetattr(fd_, TCSADRAIN, &saved_->mode); }

}  // namespace tutti::os
