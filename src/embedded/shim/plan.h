// The flat form of a box: what runtime/native lowers an OCI spec to, and what the static shim follows step by step.
// One block of memory in a sealed memfd: fixed structs, offsets from its start, zero-terminated texts. No pointers.
// Private to one version of the program: writer and reader are always built together (the magic holds the check).
#pragma once

#include <cstdint>

namespace tutti::embedded::shim {

constexpr std::uint32_t plan_magic = 0x74757437;  // changes with every change of this file

constexpr int first_preserved_descriptor = 6;  // of the shim: what the caller lends to the process (ProcessStep)

using Text = std::uint32_t;  // offset of a zero-terminated text; 0: none

template <class T>
struct Array {
    std::uint32_t offset = 0, count = 0;
};

struct IdRange {
    std::uint32_t inside, outside, size;
};

enum : std::uint32_t {       // MountStep::flags
    mount_recursive = 1,     // bind: with what is mounted below
    mount_strict = 2,        // no component of the target may be a symbolic link (/proc, /sys, /dev)
    mount_copy_up = 4,       // tmpfs: filled with what the target held (tmpcopyup)
    mount_optional = 8,      // a failure is passed over (mqueue on kernels without it)
    mount_may_be_proc = 16,  // the target may lie on procfs
    mount_no_create = 32,    // the target must exist
    mount_is_dev = 64,       // after it come the device nodes
};

struct MountStep {
    enum Kind : std::uint32_t { bind, file_system, cgroup };
    std::uint32_t kind = bind, flags = 0;
    Text target = 0, source = 0, type = 0;
    Text data = 0;                        // file_system: options as mount(2) takes them
    Array<Text> parameters = {};          // the same for fsconfig(2): "key=value" or "key"
    std::uint64_t attributes = 0;         // MOUNT_ATTR_* to set …
    std::uint64_t cleared = 0;            // … and to clear; of this mount
    std::uint64_t all_attributes = 0;     // … of this mount and all below (rro …)
    std::uint64_t propagation = 0;        // MS_PRIVATE …, with MS_REC for all below; 0: left alone
    Array<IdRange> uids = {}, gids = {};  // an idmapped mount
};

struct DeviceStep {
    Text path = 0;
    std::uint32_t mode = 0, uid = 0, gid = 0;  // mode with its type (S_IFCHR …)
    std::uint32_t major = 0, minor = 0;
};

struct LinkStep {
    Text path = 0, target = 0;
};

struct PathStep {
    Text path = 0;
};

struct NamespaceStep {
    std::uint32_t flag = 0;  // CLONE_NEW*
    Text path = 0;           // none: a new one
};

struct LimitStep {
    std::uint32_t resource = 0, pad = 0;
    std::uint64_t soft = 0, hard = 0;
};

struct SettingStep {  // a sysctl ("net/ipv4/ip_forward") or a file of a cgroup folder, and what is written to it
    Text file = 0, value = 0;
    std::uint32_t optional = 0;  // 1: a failure is passed over
};

struct CgroupStep {
    Text mount = 0;   // where the hierarchy is mounted: "/sys/fs/cgroup/memory"
    Text folder = 0;  // below it, "tutti/ID"
    Text name = 0;    // as mounted inside: "memory", "cpu,cpuacct"; "unified" and plain v2: empty
    std::uint32_t version = 1;
    std::uint32_t is_memory = 0;
    Array<SettingStep> settings = {};
};

struct HookStep {
    Text path = 0;
    Array<Text> args = {}, env = {};
    std::uint32_t timeout = 0;  // seconds; 0: none
};

struct SeccompStep {
    std::uint32_t program = 0, instructions = 0;  // struct sock_filter[]
    std::uint32_t flags = 0;
    Text listener = 0;        // unix socket that gets the notify descriptor
    Text listener_state = 0;  // metadata
};

struct ProcessStep {
    Array<Text> args = {}, env = {};
    Text cwd = 0;
    std::uint32_t terminal = 0, rows = 0, columns = 0;
    std::uint32_t uid = 0, gid = 0;
    Array<std::uint32_t> groups = {};
    std::uint32_t umask = 0xffffffff;  // none given
    Text user = 0;                     // to be looked up inside: "name:group"; overrides uid and gid
    Array<Text> user_groups = {};
    std::uint64_t bounding = 0, effective = 0, permitted = 0, inheritable = 0, ambient = 0;
    std::uint32_t no_new_privileges = 0;
    std::uint32_t has_oom_score = 0;
    std::int32_t oom_score = 0;
    Array<LimitStep> limits = {};
    Text apparmor = 0, selinux = 0;
    SeccompStep seccomp = {};
    std::uint32_t personality = 0xffffffff;
    std::uint32_t has_scheduler = 0, policy = 0, scheduler_flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0;
    std::uint32_t io_priority = 0;   // as ioprio_set(2); 0: left alone
    std::uint32_t make_cwd = 0;      // 1: make it if it is missing, as Docker does
    std::uint32_t keep_keyring = 0;  // 1: no session keyring of its own
    std::uint32_t preserved = 0;     // descriptors from first_preserved_descriptor on that become 3, 4 …
};

struct LogStep {
    Text path = 0;  // none: nothing is kept
    std::uint64_t max_size = 0;
    std::uint32_t max_files = 1;
};

struct Plan {
    std::uint32_t magic = plan_magic, size = 0;
    Text id = 0, folder = 0, bundle = 0;

    // the root
    Text root = 0;  // folder to bind, or to mount the overlay on
    Array<Text> lower = {};
    Text upper = 0, work = 0;
    Array<Text> overlay_options = {};
    Text overlay_data = 0;  // all of it, as mount(2) takes it
    std::uint32_t root_readonly = 0;
    std::uint64_t root_propagation = 0;  // MS_*
    std::uint32_t no_pivot = 0;
    std::uint32_t only_chroot = 0;  // no mount namespace: nothing is mounted, the root is entered by chroot(2)

    Array<NamespaceStep> namespaces = {};
    Array<IdRange> uids = {}, gids = {};
    Text time_offsets = 0;  // lines for /proc/self/timens_offsets
    Array<MountStep> mounts = {};
    Array<DeviceStep> devices = {};
    Array<LinkStep> links = {};
    Array<PathStep> masked = {}, readonly = {};
    Array<SettingStep> sysctls = {};
    Array<CgroupStep> cgroups = {};
    std::uint32_t device_program = 0, device_instructions = 0;  // struct bpf_insn[], for cgroup v2
    Text hostname = 0, domainname = 0;
    ProcessStep process = {};

    // hooks
    Array<HookStep> create_runtime = {}, create_container = {}, start_container = {}, poststart = {};
    Text hook_state = 0;  // the state as JSON with marks (byte 1, then P or S) for its pid and status

    // the parent's part
    LogStep log = {};
    std::uint32_t open_stdin = 0, stdin_once = 0, start = 0, wait_acknowledge = 0;
    std::uint32_t detached =
        0;  // nobody stays: the first process is handed to whoever inherits it, FOLDER/exec.fifo lets it run
    std::uint32_t inherit_stdio = 0, console_socket = 0;  // console_socket: it is descriptor 5
    Array<Text> supervisor = {};
    Text supervisor_lock = 0;
    Array<Text> external = {};  // an OCI runtime that makes the box instead: its program and global flags
    Text config = 0;  // for it: the spec (of an exec: the process) as JSON with marks (byte 1, then U or H) for
                      // the user and his home

    // exec: a process for a box that runs
    std::uint32_t join_pid = 0;      // host pid of the box's first process; 0: this is no exec
    std::uint64_t join_started = 0;  // its start time, to tell that the number was not reused
    std::uint32_t join_flags = 0;    // CLONE_NEW* that the box does not share with us
};

}  // namespace tutti::embedded::shim
