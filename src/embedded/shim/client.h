// A conversation with the shim of one container: what the supervisor and the verbs use.
// One object, one connection, one thread. Reading exit records and finding the shim's program are in exit_record.h,
// program.h.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "embedded/shim/exit_record.h"
#include "embedded/shim/protocol.h"
#include "os/fd.h"
#include "os/scope.h"

namespace tutti::embedded::shim {

// What the shim could not do. exit_code: 125 the engine's fault, 126 not executable, 127 not found.
class Failed : public base::Error {
  public:
    Failed(base::ErrorKind kind, std::string message, int errno_value, int exit_code)
        : Error(kind, std::move(message), {}, errno_value), exit_code_(exit_code) {}
    int exit_code() const { return exit_code_; }

  private:
    int exit_code_;
};

struct Output {
    int stream = 1;     // 1 or 2
    std::string bytes;  // empty: the stream has ended
};
struct Exited {
    ExitRecord record;
};
struct Closed {};  // the shim is gone
using Event = std::variant<Output, Exited, Closed>;

struct Kept {
    std::string name;
    std::vector<os::Fd> fds;
};

enum class Role { observer, supervisor };

class Client {
  public:
    // Throws Error not_found when no shim listens in the container's run folder.
    static Client connect(const std::string& folder);
    explicit Client(os::Fd connection) : fd_(std::move(connection)) {}

    // Readable when next() has something to say; to be polled along by loops.
    int fd() const { return fd_.get(); }

    // Each waits for the shim's answer and throws Error with its step, path and errno. exit_code_of(error) gives 125,
    // 126 or 127.
    StateBody wait_created(
        os::Fd* beside = nullptr);  // for whoever spawned the shim; `beside`: a terminal that came along
    void start();
    StateBody state();
    void signal(int number, bool all = false);
    StateBody subscribe(Role role);
    void acknowledge();  // the exit record is dealt with; the shim leaves
    void attach(std::int32_t streams);
    void input(std::string_view bytes);  // blocks while the container does not read
    void input_end();
    void resize(std::uint16_t rows, std::uint16_t columns);
    void keep(std::string_view name, const std::vector<int>& fds);
    std::vector<Kept> take(std::string_view name = {});
    void forget(std::string_view name);
    void supervise(const std::vector<std::string>& argv, std::string_view lock_path);

    // What comes unasked. Nothing: `until` has passed. Throws Cancelled.
    std::optional<Event> next(const os::Cancel& cancel, os::Until until = std::nullopt);
    std::optional<Event> next_now();  // without waiting

  private:
    struct Message {
        Header header;
        std::string body;
        std::vector<os::Fd> fds;
    };
    void send(Kind kind, std::string_view body, const std::vector<int>& fds = {});
    std::optional<Message> receive(bool wait);
    Message answer(Kind expected);
    std::optional<Event> unasked(Message message);

    os::Fd fd_;
    std::uint64_t serial_ = 0;
    std::deque<Event> events_;
};

}  // namespace tutti::embedded::shim
