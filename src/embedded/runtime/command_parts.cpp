#include "embedded/runtime/command_parts.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "doc/json.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/spec_json.h"
#include "os/file.h"

namespace tutti::embedded::runtime {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

static void write_some(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void write_or_lose(const os::Fd& fd, std::string_view text) { write_some(fd.get(), text); }
void print(std::string_view text) { write_some(1, text); }
void print_error(std::string_view text) { write_some(2, cat("tutti runtime: ", text, '\n')); }

Bundle read_bundle(const std::string& path, const std::string& config_name) {
    char real[PATH_MAX];
    if (!::realpath(path.empty() ? "." : path.c_str(), real)) base::throw_errno(cat("opening the bundle ", path));
    const std::string config = config_name.starts_with('/') ? config_name : cat(real, '/', config_name);
    return {real, read_spec(doc::parse_json(os::read_file(config, std::size_t{16} << 20), config))};
}

std::string one_id(const Words& words) {
    if (words.rest().size() != 1)
        throw Error(ErrorKind::invalid, cat("exactly one container id is needed, ", words.rest().size(), " given"));
    return words.rest()[0];
}

std::vector<int> preserved_fds(const Words& words) {
    std::vector<int> out;
    const std::int64_t count = words.given("preserve-fds") ? words.number("preserve-fds") : 0;
    if (count < 0 || count > 1024) throw Error(ErrorKind::invalid, cat("--preserve-fds ", count, " is out of range"));
    for (int fd = 3; fd < 3 + static_cast<int>(count); ++fd) out.push_back(::fcntl(fd, F_GETFD) < 0 ? -1 : fd);
    while (!out.empty() && out.back() < 0) out.pop_back();
    return out;
}

void write_pid_file(const Words& words, pid_t pid) {
    if (words.given("pid-file")) os::write_file(words.text("pid-file"), std::to_string(pid), 0666);
}

int signal_number(std::string_view text) {
    if (const auto number = base::to_int(text); number && *number >= 0 && *number < NSIG)
        return static_cast<int>(*number);
    std::string name(text);
    for (char& c : name)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (name.starts_with("SIG")) name.erase(0, 3);
    for (int number = 1; number < NSIG; ++number)
        if (const char* known = ::sigabbrev_np(number); known && name == known) return number;
    throw Error(ErrorKind::invalid, cat("unknown signal \"", text, "\""));
}

std::string moment_text(std::int64_t nanoseconds) {
    return base::to_rfc3339(
        base::TimePoint(std::chrono::duration_cast<base::TimePoint::duration>(std::chrono::nanoseconds(nanoseconds))));
}

static User read_user(std::string_view text) {
    const auto words = base::split(text, ':');
    User user;
    const auto number = [&](std::string_view word) {
        const auto value = base::to_uint(word);
        if (!value || *value > 0x7fffffff)
            throw Error(ErrorKind::invalid, cat("--user: \"", text, "\" is not UID[:GID]"));
        return static_cast<std::uint32_t>(*value);
    };
    user.uid = number(words[0]);
    if (words.size() > 1) user.gid = number(words[1]);
    if (words.size() > 2) throw Error(ErrorKind::invalid, cat("--user: \"", text, "\" is not UID[:GID]"));
    return user;
}

ExecSpec read_exec(const Words& words, const Box&) {
    ExecSpec spec;
    if (words.given("process")) {
        const std::string path = words.text("process");
        spec.process = runtime::read_process(doc::parse_json(os::read_file(path, std::size_t{16} << 20), path));
        spec.exact_user = true;
        return spec;
    }
    spec.process.args.assign(words.rest().begin() + 1, words.rest().end());
    if (spec.process.args.empty()) throw Error(ErrorKind::invalid, "exec needs a command");
    spec.process.cwd = words.text("cwd");
    spec.process.env = words.texts("env");
    spec.process.terminal = words.given("tty");
    spec.process.no_new_privileges = words.given("no-new-privs");
    spec.process.apparmor_profile = words.text("apparmor");
    spec.process.selinux_label = words.text("process-label");
    if (words.given("user")) {
        spec.process.user = read_user(words.text("user"));
        spec.exact_user = true;
    }
    for (const std::string& group : words.texts("additional-gids"))
        spec.process.user.additional_gids.push_back(static_cast<std::uint32_t>(base::to_uint(group).value_or(0)));
    if (words.given("cap")) {
        Capabilities& out = spec.process.capabilities.emplace();
        for (const std::string& name : words.texts("cap")) out.bounding.push_back(capability_name(name));
        out.effective = out.permitted = out.bounding;
    }
    return spec;
}

const std::vector<FlagName>& update_flags() {
    static const std::vector<FlagName> flags = {
        {"resources", "r"},  {"memory", ""},      {"memory-reservation", ""}, {"memory-swap", ""}, {"cpu-share", ""},
        {"cpu-shares", ""},  {"cpu-quota", ""},   {"cpu-period", ""},         {"cpu-burst", ""},   {"cpu-idle", ""},
        {"cpuset-cpus", ""}, {"cpuset-mems", ""}, {"pids-limit", ""},         {"blkio-weight", ""}};
    return flags;
}

Resources read_update(const Words& words) {
    Resources out;
    if (words.given("resources")) {
        const std::string path = words.text("resources");
        const std::string text =
            path == "-" ? os::RealFiles().read_stdin() : os::read_file(path, std::size_t{16} << 20);
        return runtime::read_resources(doc::parse_json(text, path));
    }
    MemoryResources memory;
    if (words.given("memory")) memory.limit = words.number("memory");
    if (words.given("memory-reservation")) memory.reservation = words.number("memory-reservation");
    if (words.given("memory-swap")) memory.swap = words.number("memory-swap");
    if (memory != MemoryResources{}) out.memory = memory;
    CpuResources cpu;
    for (const char* flag : {"cpu-share", "cpu-shares"})
        if (words.given(flag)) cpu.shares = static_cast<std::uint64_t>(words.number(flag));
    if (words.given("cpu-quota")) cpu.quota = words.number("cpu-quota");
    if (words.given("cpu-period")) cpu.period = static_cast<std::uint64_t>(words.number("cpu-period"));
    if (words.given("cpu-burst")) cpu.burst = static_cast<std::uint64_t>(words.number("cpu-burst"));
    if (words.given("cpu-idle")) cpu.idle = words.number("cpu-idle");
    cpu.cpus = words.text("cpuset-cpus");
    cpu.mems = words.text("cpuset-mems");
    if (cpu != CpuResources{}) out.cpu = cpu;
    if (words.given("pids-limit")) out.pids_limit = words.number("pids-limit");
    if (words.given("blkio-weight"))
        out.block_io.emplace().weight = static_cast<std::uint64_t>(words.number("blkio-weight"));
    return out;
}

Node describe_features() {
    Node out = Node::map();
    out.set("ociVersionMin", Node("1.0.0"));
    out.set("ociVersionMax", Node("1.2.0"));
    out.set("hooks",
            Node::texts({"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}));
    out.set("mountOptions",
            Node::texts({"atime",        "bind",        "defaults",    "dev",       "diratime",   "exec",
                         "noatime",      "nodev",       "nodiratime",  "noexec",    "norelatime", "nostrictatime",
                         "nosuid",       "nosymfollow", "private",     "ratime",    "rbind",      "relatime",
                         "rnoatime",     "rnodev",      "rnodiratime", "rnoexec",   "rnosuid",    "rnosymfollow",
                         "ro",           "rprivate",    "rrelatime",   "rro",       "rshared",    "rslave",
                         "rstrictatime", "runbindable", "rw",          "shared",    "slave",      "strictatime",
                         "suid",         "symfollow",   "tmpcopyup",   "unbindable"}));
    Node linux = Node::map();
    linux.set("namespaces", Node::texts({"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}));
    linux.set("capabilities", Node::texts(all_capabilities((std::uint64_t{1} << 41) - 1)));
    const auto enabled = [](bool value) {
        Node node = Node::map();
        node.set("enabled", Node(value));
        return node;
    };
    Node cgroup = Node::map();
    for (const auto& [name, value] :
         {std::pair("v1", true), {"v2", true}, {"systemd", false}, {"systemdUser", false}, {"rdma", false}})
        cgroup.set(name, Node(value));
    linux.set("cgroup", std::move(cgroup));
    Node seccomp = enabled(true);
    seccomp.set("actions", Node::texts({"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
                                        "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"}));
    seccomp.set("operators", Node::texts({"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT",
                                          "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"}));
    linux.set("seccomp", std::move(seccomp));
    linux.set("apparmor", enabled(true));
    linux.set("selinux", enabled(true));
    linux.set("intelRdt", enabled(false));
    Node extensions = Node::map();
    extensions.set("idmap", enabled(true));
    linux.set("mountExtensions", std::move(extensions));
    out.set("linux", std::move(linux));
    return out;
}

Spec example_spec(bool rootless) {
    BoxRequest request;
    request.id = "example";
    request.args = {"sh"};
    request.root = "rootfs";
    request.read_only = true;
    request.tty = true;
    request.hostname = "tutti";
    Spec spec = to_spec(request, Machine::look());
    spec.linux_.cgroups_path.clear();
    spec.process->no_new_privileges = true;
    spec.linux_.sysctl.clear();  // ours hold for a machine's own users only
    if (!rootless) return spec;
    spec.linux_.resources.reset();
    std::erase_if(spec.linux_.namespaces, [](const Namespace& space) { return space.type == "network"; });
    spec.linux_.namespaces.push_back({"user", ""});
    spec.linux_.uid_mappings = {{0, ::geteuid(), 1}};
    spec.linux_.gid_mappings = {{0, ::getegid(), 1}};
    return spec;
}

void send_fd(const os::Fd& socket, const os::Fd& fd) {
    char name[] = "/dev/pts/0";
    iovec part{name, sizeof name - 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = fd.get();
    std::memcpy(CMSG_DATA(head), &number, sizeof number);
    if (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) < 0) base::throw_errno("sending the terminal");
}

void relay_terminal(const os::Fd& terminal, int end) {
    for (bool input = true;;) {
        pollfd polled[3] = {{terminal.get(), POLLIN, 0}, {input ? 0 : -1, POLLIN, 0}, {end, POLLIN, 0}};
        if (::poll(polled, 3, -1) < 0 && errno != EINTR) base::throw_errno("waiting for the process");
        char bytes[8192];
        if (polled[0].revents != 0) {
            const ssize_t n = ::read(terminal.get(), bytes, sizeof bytes);
            if (n <= 0) return;
            print({bytes, static_cast<std::size_t>(n)});
        } else if (polled[2].revents != 0) {
            return;
        }
        if (polled[1].revents == 0) continue;
        const ssize_t n = ::read(0, bytes, sizeof bytes);
        if (n <= 0)
            input = false;
        else
            os::write_all(terminal, {bytes, static_cast<std::size_t>(n)});
    }
}

}  // namespace tutti::embedded::runtime
