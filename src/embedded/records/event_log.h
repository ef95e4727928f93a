// What happened, as one file of JSON lines that everybody appends to and everybody may follow: RUN/events.log.
// Used by all who change something (add) and by events, wait and the supervisor's watchers (follow). Followers are
// woken by the kernel as soon as a line is there. Kept as long as the machine runs, in two files of a few megabytes.
#pragma once

#include <functional>
#include <string>

#include "embedded/records/container.h"
#include "engine/event.h"
#include "os/scope.h"
#include "os/watch.h"

namespace tutti::embedded::records {

class EventLog {
  public:
    explicit EventLog(const std::string& run_dir, std::size_t rotate_at = 4 << 20);

    void add(const engine::Event& event) const;

    // A place in the log, kept open.
    class Follower {
      public:
        Follower(Follower&&) noexcept;
        ~Follower();
        const os::Fd& fd() const;                      // readable when there may be more
        void read_new(const engine::EventSink& sink);  // what has come since the last call; never waits
        // read_new again and again until `sink` returns false, `until` passes (false) or `cancel` (throws Cancelled).
        bool wait(const std::function<bool(const engine::Event&)>& sink, const os::Cancel& cancel,
                  os::Until until = std::nullopt);

      private:
        friend class EventLog;
        explicit Follower(std::string path);
        void reopen();
        std::string path_, rest_;
        os::Fd file_;
        os::Watch watch_;
    };
    Follower follow_from_end() const;
    Follower follow_from_start() const;  // of the older file, too

  private:
    std::string path_;
    std::size_t rotate_at_;
};

// Tells with the attributes that Docker gives. A full disk costs the event, never the operation.
void tell(const EventLog& log, const State& container, const std::string& id, std::string_view action,
          engine::Options more = {});
void tell(const EventLog& log, std::string_view type, std::string_view action, const std::string& id,
          engine::Options attributes = {});

}  // namespace tutti::embedded::records
