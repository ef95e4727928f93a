// The contract of what makes and runs boxes: create, start, exec, signal, pause, update, stats, delete over an OCI
// spec. Two makers: native (ours) and external (crun, runc, any program with their command line). Used by the face
// files and supervise. Knows no images, networks or restart rules.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "embedded/runtime/spec.h"
#include "embedded/shim/client.h"
#include "os/fd.h"

namespace tutti::embedded::runtime {

// The root file system as layers; the box mounts it in its own mount namespace, so it leaves with the box.
struct Overlay {
    std::vector<std::string> lower;    // topmost first
    std::string upper, work;           // both empty: read-only
    std::vector<std::string> options;  // "metacopy=off", …
};

// A user as images and people write it, looked up in the box's own /etc/passwd and /etc/group: "name", "1000:staff".
// Overrides Process::user. Sets HOME if the environment has none.
struct NamedUser {
    std::string text;                 // empty: root
    std::vector<std::string> groups;  // group_add, names or numbers
};

struct LogTo {
    std::string path;            // json-file format; empty: nothing is kept
    std::uint64_t max_size = 0;  // bytes of one file; 0: no limit
    unsigned max_files = 1;      // with those already full: path.1 …
};

struct CreateOptions {
    std::string id;
    std::string folder;              // run folder of this box (exists, private to us): shim.sock, box.json, exit.json
    std::string bundle;              // what relative paths of the spec count from; may be empty
    std::optional<Overlay> overlay;  // instead of Spec::root.path, which then names an empty folder to mount on
    std::optional<NamedUser> user;
    LogTo log;
    bool open_stdin = false;        // keep standard input open for attach
    bool stdin_once = false;        // … until the first that attached goes away
    bool start = false;             // create and start in one go
    bool wait_acknowledge = false;  // the shim stays after the exit until somebody acknowledges (or its record is old)
    std::vector<std::string> supervisor;   // command line the shim runs when no supervisor is connected
    std::string supervisor_lock;           // … unless somebody holds this file's flock
    std::optional<os::Fd> console_socket;  // the terminal's master is sent there (OCI), not held by the shim
    // Nobody stays as parent: the first process goes to the caller's subreaper, and start() lets it run (OCI command
    // line). No log, no exit record, no attach.
    bool detached = false;
    bool inherit_stdio = false;            // descriptors 0, 1, 2 of the caller instead of pipes (OCI command line)
    std::vector<int> preserved;            // more descriptors of the caller, which the process gets as 3, 4 …
    bool keep_keyring = false;             // no session keyring of its own
    bool cgroups = true;                   // false: it stays in the caller's, and has no limits
    std::vector<std::string> environment;  // of hooks that name none
    bool no_pivot = false;                 // moves the root instead of pivot_root(2): for a root on the initial ramfs
};

// What create made. Also kept as FOLDER/box.json, so that anybody can work with it later.
struct Box {
    std::string id, folder, bundle, runtime;  // runtime: "native", "crun", …
    pid_t pid = 0, shim_pid = 0;
    std::uint64_t pid_started = 0;            // clock ticks, from /proc/PID/stat
    std::string cgroup;                       // below each hierarchy
    std::vector<std::string> cgroup_folders;  // absolute, one a hierarchy
    std::int64_t created_at = 0;              // nanoseconds since 1970
    std::string rootfs;
    std::map<std::string, std::string> annotations;
    std::uint32_t namespaces = 0;    // CLONE_NEW* that it does not share with the host
    std::vector<std::string> notes;  // what the machine did not give: "RLIMIT_NOFILE clamped to 20000"
};

Box read_box(const std::string& folder);  // throws Error not_found

enum class BoxState { creating, created, running, paused, stopped };
std::string_view to_text(BoxState state);

struct ExecSpec {
    Process process;  // env is laid over the box's; cwd empty: the box's; capabilities absent: the box's
    std::optional<NamedUser> user;
    bool privileged = false;
    bool exact_user = false;       // process.user counts, also where it is root; else the box's user
    bool detached = false;         // no helper stays; its end cannot be waited for here
    bool inherit_security = true;  // the box's seccomp, capabilities, limits, labels
    std::optional<int> stdin_fd, stdout_fd, stderr_fd;  // absent: /dev/null
    std::vector<int> preserved;                         // more descriptors of ours, which it gets as 3, 4 …
};

// A process that was put into a box. Its parent is a small helper of ours, whose parent we are.
class ExecProcess {
  public:
    virtual ~ExecProcess() = default;
    virtual pid_t pid() const = 0;               // as the host counts
    virtual const os::Fd& terminal() const = 0;  // master side, where ExecSpec asked for one
    virtual int wait_fd() const = 0;             // readable when it has ended
    virtual int wait(const os::Cancel& cancel,
                     os::Until until = std::nullopt) = 0;  // its exit code; -1: `until` passed
    virtual void signal(int number) = 0;
};

struct Stats {
    std::uint64_t cpu_total = 0, cpu_user = 0, cpu_system = 0;  // nanoseconds
    std::uint64_t memory_usage = 0, memory_limit = 0, memory_cache = 0;
    std::uint64_t block_read = 0, block_write = 0, pids = 0, oom_kills = 0;
};

class Runtime {
  public:
    virtual ~Runtime() = default;
    virtual std::string_view name() const = 0;

    // The box is made and its first process waits. Errors carry step, path and errno; exit_code_of() tells 125, 126,
    // 127. Nothing is left behind by one that fails.
    virtual Box create(const Spec& spec, CreateOptions options) = 0;
    virtual void start(const Box& box) = 0;
    virtual BoxState state(const Box& box) = 0;
    virtual void signal(const Box& box, int number, bool all = false) = 0;
    virtual void pause(const Box& box) = 0;
    virtual void resume(const Box& box) = 0;
    virtual void update(const Box& box, const Resources& resources) = 0;
    virtual Stats stats(const Box& box) = 0;
    virtual std::vector<pid_t> processes(const Box& box) = 0;
    virtual std::unique_ptr<ExecProcess> exec(const Box& box, const ExecSpec& spec) = 0;
    // Takes away cgroups and what lies in the run folder. Refuses a living one unless `force` (then it is killed
    // first).
    virtual void remove(const Box& box, bool force = false) = 0;
};

// 125 for a fault of the engine, 126 for a program that cannot be executed, 127 for one that is not there
// (from shim::Failed; 125 for every other error).
int exit_code_of(const base::Error& error);

struct NativeOptions {
    std::string run_dir;    // private to us, on tmpfs: holds the shim's program
    std::string cache_dir;  // compiled seccomp filters; empty: none are kept
};
std::unique_ptr<Runtime> make_native(const NativeOptions& options);
// `program`: a path or a name in PATH. `root`: where it keeps its own state.
std::unique_ptr<Runtime> make_external(const std::string& program, const std::string& root,
                                       const NativeOptions& options);

}  // namespace tutti::embedded::runtime
