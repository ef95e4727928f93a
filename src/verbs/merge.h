// Lines of several logs in one order of time, without holding the logs: each source is read a little ahead.
// Used by logs when it does not follow.
// Sources are each in order already.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "engine/containers.h"
#include "os/scope.h"

namespace tutti::verbs {

class Merge {
  public:
    explicit Merge(std::size_t sources) : sources_(sources) {}

    // From the source's own thread. Waits while the source is far ahead. Throws Cancelled after stop().
    void add(std::size_t source, engine::LogLine line);
    void end(std::size_t source);
    void stop();

    // Hands out all lines, oldest first, until every source has ended.
    void drain(const std::function<void(std::size_t source, const engine::LogLine&)>& sink);

  private:
    struct Source {
        std::deque<engine::LogLine> lines;
        bool ended = false;
    };
    std::mutex mutex_;
    std::condition_variable news_;
    std::vector<Source> sources_;
    bool stopped_ = false;
};

}  // namespace tutti::verbs
