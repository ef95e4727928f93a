// What the shim of a container and its clients (supervisor, program) say to each other over DIR/shim.sock.
// One SOCK_SEQPACKET datagram is one message: Header, then a body by kind. Shared by the static shim and the big
// program. Rules for upgrades: a receiver ignores bytes it does not know at the end of a body and answers `failed`
// (ENOSYS) to a kind it does not know; fields are only ever appended. The version tells who speaks; it forbids nothing.
#pragma once

#include <cstdint>

namespace tutti::embedded::shim {

constexpr std::uint16_t protocol_version = 1;
constexpr std::uint32_t largest_body = 32 * 1024;

enum class Kind : std::uint16_t {
    // to the shim
    start = 1,    // lets the created process run; → done | failed
    signal,       // SignalBody; → done | failed
    ask_state,    // → state
    subscribe,    // SubscribeBody; → state, and exited when it happens (at once if it has)
    acknowledge,  // the exit record is dealt with: the shim leaves; → done
    attach,       // AttachBody; → done, then output
    input,        // bytes for standard input
    input_end,    // standard input ends
    resize,       // ResizeBody; → done | failed
    keep,    // a name, descriptors beside it (SCM_RIGHTS, at most 16); replaces those of that name; → done | failed
    take,    // a name (empty: all); → given …, done. The shim keeps its copies.
    forget,  // a name; → done
    supervise,  // SuperviseBody: who is started again when no supervisor is connected; → done | failed
    // from the shim
    done = 64,
    failed,   // FailedBody
    created,  // StateBody, to the creator only: the box is made and waits for start
    state,    // StateBody
    output,   // OutputBody and bytes
    exited,   // ExitBody
    given,    // a name, descriptors beside it
};

struct Header {
    std::uint16_t version = protocol_version;
    Kind kind = Kind::done;
    std::uint32_t size = 0;    // of the body
    std::uint64_t serial = 0;  // chosen by the asker, repeated in the answer; 0 in what nobody asked for
};

struct FailedBody {
    std::int32_t error = 0;      // errno
    std::int32_t exit_code = 0;  // 125 the engine's fault, 126 not executable, 127 not found
    // then the text "step: path", without a zero at the end
};

enum class Phase : std::int32_t { creating, created, running, exited };

struct StateBody {
    Phase phase = Phase::creating;
    std::int32_t pid = 0;           // of the container's first process, as the host counts
    std::uint64_t pid_started = 0;  // its start time from /proc/PID/stat (clock ticks): tells reuse of the number
    std::int32_t shim_pid = 0;
    std::int32_t supervisors = 0;  // how many are connected
    std::int64_t started_at = 0;   // nanoseconds since 1970; 0: not yet
    std::int32_t terminal = 0;     // 1: it has one
    std::int32_t notes = 0;        // bits of Note
};

// What the machine did not give and the shim did without.
enum Note : std::int32_t { note_rlimit_clamped = 1, note_oom_score_clamped = 2, note_nice_clamped = 4 };

struct ExitBody {
    std::int32_t code = 0;    // 0…255; 128 + signal of one killed
    std::int32_t signal = 0;  // 0: it ended by itself
    std::int32_t oom = 0;     // 1: the kernel killed something in its cgroup for want of memory
    std::int32_t pad = 0;
    std::int64_t started_at = 0, finished_at = 0;  // nanoseconds since 1970
};

struct SignalBody {
    std::int32_t number = 0;
    std::int32_t all = 0;  // 1: everything in the box (by its cgroup)
};

struct SubscribeBody {
    std::int32_t supervisor = 0;  // 1: this is the supervisor; when it goes away the shim starts it again
};

enum AttachStream : std::int32_t { attach_stdin = 1, attach_stdout = 2, attach_stderr = 4 };

struct AttachBody {
    std::int32_t streams = 0;  // bits of AttachStream
};

struct ResizeBody {
    std::uint16_t rows = 0, columns = 0;
};

struct OutputBody {
    std::int32_t stream = 1;  // 1 or 2; a terminal has only 1. No bytes after it: that stream has ended.
};

struct SuperviseBody {
    std::uint32_t lock_size = 0;  // the lock file that a living supervisor holds with flock(2); may be 0
    std::uint32_t argv_size = 0;  // arguments, each with a zero at its end
    // then the lock's path, then argv
};

}  // namespace tutti::embedded::shim
