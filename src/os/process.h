// Other programs, started without copying this one (clone with shared memory until execve, as posix_spawn does) and
// held by pidfd: no reused number can be hit. Not for what must run code of ours before it becomes the program; that is
// the shim.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/fd.h"
#include "os/scope.h"

namespace tutti::os {

struct Command {
    std::vector<std::string> argv;         // argv[0] is the program: a path, never searched for
    std::vector<std::string> env;          // "K=V"; nothing is inherited
    std::string program;                   // empty: argv[0]
    std::string cwd;                       // empty: ours
    int program_fd = -1;                   // the program as a descriptor, instead of argv[0]
    std::vector<std::pair<int, int>> fds;  // (ours, theirs); 0, 1, 2 not named here are /dev/null
    bool new_session = false;
};

struct ExitStatus {
    int code = 0;    // 128 + signal of one killed
    int signal = 0;  // 0: it ended by itself
};

// A child of ours; killed and reaped with the object.
class Process {
  public:
    static Process spawn(const Command& command);  // throws Error "starting PROGRAM"
    Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)), fd_(std::move(other.fd_)) {}
    Process& operator=(Process&& other) noexcept;
    ~Process() { end(); }

    pid_t pid() const { return pid_; }
    const Fd& fd() const { return fd_; }  // pidfd: readable when it has ended
    void signal(int number) const;        // of one that has ended: no error
    std::optional<ExitStatus> wait(const Cancel& cancel, Until until = std::nullopt);  // nothing: `until` has passed

  private:
    Process(pid_t pid, Fd fd) : pid_(pid), fd_(std::move(fd)) {}
    void end();
    pid_t pid_ = 0;
    Fd fd_;
};

// The first folder of a search path ("/usr/bin:/bin") that has an executable NAME, as a whole path; empty folders do
// not count.
std::optional<std::string> find_program(std::string_view search_path, std::string_view name);

// Starts what outlives us: not our child, so nobody here need reap it.
void spawn_orphan(const Command& command);

// A running process by number, checked by the start time of /proc/PID/stat. Nothing: it is gone, or another one by now.
std::optional<Fd> open_process(pid_t pid, std::uint64_t start_time);
std::uint64_t process_start_time(pid_t pid);  // clock ticks since boot; 0: none, or ended

}  // namespace tutti::os
