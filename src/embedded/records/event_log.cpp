#include "embedded/records/event_log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "doc/json.h"
#include "embedded/records/fields.h"
#include "os/file.h"

namespace tutti::embedded::records {

EventLog::EventLog(const std::string& run_dir, std::size_t rotate_at)
    : path_(run_dir + "/events.log"), rotate_at_(rotate_at) {}

static std::string to_line(const engine::Event& event) {
    doc::Node node = doc::Node::map();
    node.set("time", to_node(event.time));
    node.set("type", doc::Node(event.type));
    node.set("action", doc::Node(event.action));
    node.set("id", doc::Node(event.id));
    node.set("attributes", to_node(event.attributes));
    return doc::write_json(node, {.escape_html = false}) + "\n";
}

static engine::Event from_line(std::string_view line, const std::string& path) {
    const doc::Node node = doc::parse_json(line, path);
    engine::Event event;
    event.type = node.text_or("type");
    event.action = node.text_or("action");
    event.id = node.text_or("id");
    if (const auto* time = node.find("time")) from_node(*time, event.time);
    if (const auto* attributes = node.find("attributes")) from_node(*attributes, event.attributes);
    return event;
}

void EventLog::add(const engine::Event& event) const {
    const std::string line = to_line(event);
    // Shared: lines of several writers do not mix (O_APPEND, one write). Exclusive: the file moves aside, and nobody
    // still writes to it.
    const auto mode = os::FileLock::Mode::shared;
    auto lock = os::FileLock::wait_existing(path_, mode);
    if (!lock) {
        os::open(path_, O_WRONLY | O_CREAT | O_APPEND, 0600);
        lock = os::FileLock::wait_existing(path_, mode);
    }
    if (!lock) return;  // somebody takes the whole folder away: nobody is left to be told
    struct stat info {};
    {
        const os::Fd file(
            ::open(base::cat("/proc/self/fd/", lock->fd().get()).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        if (!file) base::throw_errno("opening " + path_);
        os::write_all(file, line);
        if (::fstat(file.get(), &info) != 0) base::throw_errno("writing " + path_);
    }
    if (static_cast<std::size_t>(info.st_size) < rotate_at_) return;
    lock.reset();
    const auto alone = os::FileLock::wait_existing(path_);
    if (alone && ::fstat(alone->fd().get(), &info) == 0 && static_cast<std::size_t>(info.st_size) >= rotate_at_)
        ::rename(path_.c_str(), (path_ + ".1").c_str());
}

EventLog::Follower::Follower(std::string path) : path_(std::move(path)) {
    watch_.add(path_.substr(0, path_.rfind('/')), IN_CREATE | IN_MOVED_FROM | IN_ONLYDIR);
}
EventLog::Follower::Follower(Follower&&) noexcept = default;
EventLog::Follower::~Follower() = default;

const os::Fd& EventLog::Follower::fd() const { return watch_.fd(); }

void EventLog::Follower::reopen() {
    file_ = os::Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    try {
        if (file_) watch_.add(path_, IN_MODIFY);
    } catch (const base::Error&) {}  // moved aside meanwhile, which the folder's watch tells
}

EventLog::Follower EventLog::follow_from_end() const {
    Follower follower(path_);
    follower.reopen();
    if (follower.file_) ::lseek(follower.file_.get(), 0, SEEK_END);
    return follower;
}

EventLog::Follower EventLog::follow_from_start() const {
    Follower follower(path_);
    follower.file_ = os::Fd(::open((path_ + ".1").c_str(), O_RDONLY | O_CLOEXEC));
    if (!follower.file_) follower.reopen();
    return follower;
}

// Whether the path names another file than the one that is open.
static bool moved_on(const os::Fd& file, const std::string& path) {
    struct stat open {
    }, named{};
    if (::stat(path.c_str(), &named) != 0) return false;
    return !file || ::fstat(file.get(), &open) != 0 || open.st_ino != named.st_ino || open.st_dev != named.st_dev;
}

void EventLog::Follower::read_new(const engine::EventSink& sink) {
    watch_.drain();
    std::array<char, 4096> buffer;
    for (;;) {
        // Asked before reading: nobody writes to a file that another has replaced, so what is read after is all of it.
        const bool next = moved_on(file_, path_);
        for (ssize_t n; file_ && (n = ::read(file_.get(), buffer.data(), buffer.size())) > 0;)
            rest_.append(buffer.data(), static_cast<std::size_t>(n));
        std::size_t at = 0;
        for (std::size_t end; (end = rest_.find('\n', at)) != std::string::npos; at = end + 1)
            sink(from_line(std::string_view(rest_).substr(at, end - at), path_));
        rest_.erase(0, at);
        if (!next) return;
        rest_.clear();
        reopen();
    }
}

bool EventLog::Follower::wait(const std::function<bool(const engine::Event&)>& sink, const os::Cancel& cancel,
                              os::Until until) {
    for (bool more = true;;) {
        read_new([&](const engine::Event& event) {
            if (more) more = sink(event);
        });
        if (!more) return true;
        if (os::wait(watch_.fd(), POLLIN, cancel, until) == os::Ready::timed_out) return false;
    }
}

void tell(const EventLog& log, std::string_view type, std::string_view action, const std::string& id,
          engine::Options attributes) {
    engine::Event event;
    event.time = std::chrono::system_clock::now();
    event.type = type;
    event.action = action;
    event.id = id;
    event.attributes = std::move(attributes);
    try {
        log.add(event);
    } catch (const base::Error& error) {  // what happened has happened, told or not
        base::log(base::cat("event lost: ", error.what()));
    }
}

void tell(const EventLog& log, const State& container, const std::string& id, std::string_view action,
          engine::Options more) {
    more.insert(container.labels.begin(), container.labels.end());
    more["name"] = container.name;
    more["image"] = container.image;
    tell(log, "container", action, id, std::move(more));
}

}  // namespace tutti::embedded::records
