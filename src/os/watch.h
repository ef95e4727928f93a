// A wake-up when files change: inotify(7). A user has 128 instances by default, containers' own included; when none is
// left, or no watch of one, a timer takes its place and whoever watches looks ten times a second. Used by the followers
// of logs, by the supervisor and by whoever waits for a lock. Says that there may be news, not what they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/fd.h"

namespace tutti::os {

class Watch {
  public:
    Watch();

    // Adds a file or folder with inotify's mask; once more for the same path is allowed. Throws Error when it is not
    // there.
    void add(const std::string& path, std::uint32_t mask);

    const Fd& fd() const { return fd_; }  // readable when there may be news

    // Takes the news; the names of what changed in watched folders are added to `names`.
    // False: some are unknown (too many, or the timer), look at everything.
    bool read(std::vector<std::string>& names);
    void drain();  // the same when names do not matter

  private:
    void tick();
    Fd fd_;
    bool ticking_ = false;
};

}  // namespace tutti::os
