// The output and input of a container's processes: logs, attach, exec. Used through engine/containers.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/values.h"
#include "os/scope.h"

namespace tutti::engine {

enum class StreamKind { stdin_, stdout_, stderr_ };
using OutputSink = std::function<void(StreamKind stream, std::string_view bytes)>;

struct LogOptions {
    bool follow = false, stdout_ = true, stderr_ = true;
    Time since{}, until{};   // epoch: no bound
    std::int64_t tail = -1;  // lines; -1: all
};
struct LogLine {
    Time time;
    StreamKind stream = StreamKind::stdout_;
    std::string text;      // without the newline unless partial
    bool partial = false;  // the line goes on in the next piece
};
using LogSink = std::function<void(const LogLine&)>;

// Both ends of an attached process. Closing stdin half-closes; output goes on.
class Attached {
  public:
    virtual ~Attached() = default;
    virtual void send(std::string_view bytes) = 0;  // throws Error once the process is gone
    virtual void close_stdin() = 0;
    virtual void resize(int rows, int columns) = 0;
    virtual void receive(const OutputSink& sink,
                         const os::Cancel& cancel) = 0;  // until the process has closed its output
    virtual void detach() = 0;                           // ends receive() from another thread
};

struct AttachOptions {
    bool stdin_ = false, stdout_ = true, stderr_ = true;
    bool logs = false;  // what was written before comes first
};

struct ExecSpec {
    std::vector<std::string> command, env;
    std::string user, working_dir;
    bool tty = false, privileged = false, attach_stdin = false, detach = false;
    int rows = 0, columns = 0;  // of the terminal; 0: unknown
};

class Exec {  // one running exec
  public:
    virtual ~Exec() = default;
    virtual Attached& streams() = 0;
    virtual int wait(const os::Cancel& cancel) = 0;  // exit code
};

}  // namespace tutti::engine
