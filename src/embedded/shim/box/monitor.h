// The long part of a shim's life: one poll loop over the box's output, its clients, its children.
// Lifecycle in monitor.cpp, clients and their messages in messages.cpp, bytes in and out in streams.cpp.
#pragma once

#include <poll.h>

#include "embedded/logs/write/json_file.h"
#include "embedded/shim/box/child.h"
#include "embedded/shim/box/view.h"
#include "embedded/shim/protocol.h"

namespace tutti::embedded::shim::box {

constexpr unsigned most_connections = 48;
constexpr unsigned most_kept = 16, most_kept_fds = 16;

struct Connection {
    int fd = -1;
    bool subscribed = false, supervisor = false, told = false, creator = false;
    std::int32_t attached = 0;         // bits of AttachStream
    bool owed[2] = {false, false};     // has not got the current chunk of standard output, error
    std::uint64_t pending_serial = 0;  // of a `start` that waits for its answer
    bool pending = false;
};

struct Stream {
    int fd = -1;
    int number = 1;
    bool ended = true;
    size_t filled = 0;  // of line
    size_t size = 0;    // of chunk, not yet delivered to all
    char line[logs::longest_line];
    char chunk[sizeof(OutputBody) + 16 * 1024];
};

struct Kept {
    char name[64] = "";
    int fds[most_kept_fds];
    unsigned count = 0;
};

class Monitor {
  public:
    explicit Monitor(const View& view) : view_(view) {}

    void prepare();  // socket, signals, pipes, log
    const Stdio& stdio() const { return stdio_; }
    int child_socket() const { return child_socket_; }
    int report_socket() const { return report_; }
    void begin(pid_t child);  // the child is cloned (or an external runtime has made it)
    void begin_external();    // an external runtime makes it
    [[noreturn]] void loop();

    void adopt_creator(int fd);
    [[noreturn]] void give_up(const Failure& failure);  // before the box ran: undo, tell, leave

  private:
    // monitor.cpp
    void on_children();
    void on_report();
    void on_made();
    void on_running();
    void start_external();
    void take_terminal_over(int fd);
    [[noreturn]] void hand_over();
    void hand_terminal_over(int fd);
    void on_failed_start(const Failure& failure);
    void on_killed_unstarted();
    void finish(int status);
    void write_pid_file();
    void write_exit_file();
    void tell_exit(Connection& connection);
    bool may_leave(int& timeout);
    void look_after_supervisor(int& timeout);
    void start_supervisor();
    bool supervisor_lock_held() const;
    [[noreturn]] void leave();

    // messages.cpp
    void on_listen();
    void on_message(Connection& connection);
    void handle(Connection& connection, const Header& header, const char* body, int* fds, unsigned& fd_count);
    void handle_start(Connection& connection, std::uint64_t serial);
    void handle_signal(Connection& connection, std::uint64_t serial, const SignalBody& body);
    void handle_attach(Connection& connection, std::uint64_t serial, const AttachBody& body);
    void handle_keep(Connection& connection, const Header& header, const char* name, int* fds, unsigned& fd_count);
    void handle_take(Connection& connection, const Header& header, const char* name);
    void handle_forget(const char* name);
    void handle_supervise(Connection& connection, const Header& header, const char* body);
    void answer(Connection& connection, Kind kind, std::uint64_t serial, const void* body = nullptr, size_t size = 0,
                const int* fds = nullptr, unsigned fd_count = 0);
    void refuse(Connection& connection, std::uint64_t serial, int error, const char* text, int exit_code = 125);
    void drop(Connection& connection);
    StateBody state() const;
    int supervisors() const;

    // streams.cpp
    void open_streams();
    void on_output(Stream& stream);
    void log_chunk(Stream& stream, const char* bytes, size_t size);
    void deliver(Stream& stream);  // the current chunk, to those who have not got it
    void end_stream(Stream& stream);
    void on_input(const char* bytes, size_t size);
    void flush_input();
    void end_input();
    bool drained() const;

    View view_;
    Phase phase_ = Phase::creating;
    pid_t pid_ = 0;
    std::uint64_t pid_started_ = 0;
    int pidfd_ = -1;
    std::int32_t notes_ = 0;
    ExitBody exit_;
    unsigned long oom_before_ = 0;
    bool let_go_ = false, reaped_ = false, acknowledged_ = false;
    int status_ = 0;

    int folder_ = -1, listen_ = -1, signals_ = -1;
    int report_ = -1, child_socket_ = -1;  // the socket pair: our end, the child's
    Stdio stdio_;                          // the child's ends
    int input_ = -1;                       // our end of its standard input, or the terminal
    int terminal_ = -1;
    bool input_ends_ = false;
    size_t input_size_ = 0, input_sent_ = 0;
    char input_buffer_[largest_body];
    Stream streams_[2];
    logs::JsonFile log_;
    bool has_log_ = false;

    Connection connections_[most_connections];
    Kept kept_[most_kept];

    char supervisor_[4096] = {};  // arguments, each with a zero at its end
    unsigned supervisor_size_ = 0;
    char supervisor_lock_[1024] = {};
    bool had_supervisor_ = false;
    unsigned supervisor_tries_ = 0;
    std::int64_t next_try_ = 0;  // monotonic milliseconds
};

std::int64_t now_nanoseconds();   // since 1970
std::int64_t now_milliseconds();  // monotonic
std::uint64_t start_time_of(pid_t pid);

}  // namespace tutti::embedded::shim::box
