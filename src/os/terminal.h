// The terminal of a person: its size, and raw mode for as long as an object lives.
// Used by verbs that attach one to a container, and by the faces that draw on it.
// Draws nothing.
#pragma once

#include <memory>

#include "os/fd.h"

namespace tutti::os {

struct TerminalSize {
    int rows = 0, columns = 0;  // 0: no terminal
};
TerminalSize terminal_size(int fd);

// Raw until destroyed. Only for a descriptor that is a terminal.
class RawMode {
  public:
    enum class Extent { whole, keys };  // keys: they come one by one and unseen, but Ctrl-C and output stay as they are
    explicit RawMode(int fd, Extent extent = Extent::whole);
    ~RawMode();
    RawMode(const RawMode&) = delete;
    RawMode& operator=(const RawMode&) = delete;

  private:
    struct Saved;
    int fd_;
    std::unique_ptr<Saved> saved_;
};

}  // namespace tutti::os
