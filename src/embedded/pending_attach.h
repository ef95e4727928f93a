// Those who attached to a container that does not run yet. The start connects them when this program makes it; when
// another program does, the log of events tells. One follower of it serves all: whoever waits reads it for everybody.
// Used by attach (streams) and start.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "embedded/records/event_log.h"

namespace tutti::embedded {

class PendingAttach {
  public:
    virtual ~PendingAttach() = default;
    virtual void connect() = 0;       // its shim listens, its process does not run yet
    virtual void connect_late() = 0;  // another program started it; never throws
    virtual void give_up() = 0;       // the container is gone
};

class PendingAttaches {
  public:
    explicit PendingAttaches(const records::EventLog& log) : log_(log) {}

    void follow();  // from now on; before one looks whether the container runs, so that no start falls in between
    void add(const std::string& id, const std::shared_ptr<PendingAttach>& attach);
    void connect(const std::string& id);  // by start
    const os::Fd& news() const;           // readable when read_news has something to do; after follow()
    void read_news();

  private:
    std::vector<std::shared_ptr<PendingAttach>> take(const std::string& id);

    const records::EventLog& log_;
    std::mutex mutex_;
    std::optional<records::EventLog::Follower> follower_;
    std::multimap<std::string, std::weak_ptr<PendingAttach>> waiting_;
};

}  // namespace tutti::embedded
