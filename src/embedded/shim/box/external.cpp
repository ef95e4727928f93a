#include "embedded/shim/box/external.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "embedded/shim/box/fail.h"
#include "embedded/shim/box/inside.h"
#include "embedded/shim/box/mounts.h"
#include "embedded/shim/box/sys.h"
#include "embedded/shim/box/users.h"

namespace tutti::embedded::shim::box {

namespace {

// A file of the run folder; those of an exec carry the number of its shim.
struct Place : Path {
    Place(const View& view, const char* name) {
        add(view.text(view.plan().folder)).add('/').add(name);
        if (view.plan().join_pid) add('.').number(static_cast<uint64_t>(::getpid()));
    }
};

// What the runtime wrote to its log last: the "msg" of the last line, or that line.
struct Said {
    char text[sizeof(Failure::text)] = "";
    explicit Said(const char* path) {
        char bytes[8192];
        const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return;
        const off_t size = ::lseek(fd, 0, SEEK_END);
        const off_t from =
            size > static_cast<off_t>(sizeof bytes - 1) ? size - static_cast<off_t>(sizeof bytes - 1) : 0;
        const ssize_t n = ::pread(fd, bytes, sizeof bytes - 1, from);
        ::close(fd);
        if (n <= 0) return;
        bytes[n] = 0;
        while (bytes[0] && bytes[strlen(bytes) - 1] == '\n') bytes[strlen(bytes) - 1] = 0;
        const char* line = strrchr(bytes, '\n');
        line = line ? line + 1 : bytes;
        const char* message = strstr(line, "\"msg\":");
        if (message) message = strchr(message + 6, '"');
        const char* at = message ? message + 1 : line;
        size_t used = 0;
        for (; *at && used < sizeof text - 1 && !(message && *at == '"'); ++at) {
            if (message && *at == '\\' && at[1]) ++at;
            text[used++] = *at;
        }
        text[used] = 0;
    }
};

bool contains(const char* text, const char* word) { return strcasestr(text, word) != nullptr; }

// 127: there is no such program; 126: it cannot be executed.
int exit_code_for(const char* text) {
    if (!contains(text, "exec")) return 125;
    if (contains(text, "not found") || contains(text, "no such file")) return 127;
    for (const char* word : {"permission denied", "is a directory", "exec format", "not a directory"})
        if (contains(text, word)) return 126;
    return 125;
}

constexpr unsigned most_words = 32;

// Runs "RUNTIME words…" and waits for it. false: it failed.
bool call(const View& view, const Stdio& stdio, std::initializer_list<const char*> words) {
    const char* argv[most_words + 1];
    unsigned count = 0;
    for (const Text text : view.all(view.plan().external))
        if (count < most_words) argv[count++] = view.text(text);
    const Place log(view, "runtime.log");
    for (const char* word : {"--log", log.text(), "--log-format", "json"})
        if (count < most_words) argv[count++] = word;
    for (const char* word : words)
        if (word && count < most_words) argv[count++] = word;
    argv[count] = nullptr;
    ::unlink(log.text());
    ::close(
        ::open(log.text(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));  // its own would be for everybody to read
    const pid_t child = checked(::fork(), "running the runtime", argv[0]);
    if (child == 0) {
        on_failure(nullptr);
        take_stdio(stdio);
        reset_signals();
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        sys_close_range(3, ~0u, 0);
        static const char* const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                                  nullptr};
        ::execve(argv[0], const_cast<char* const*>(argv), const_cast<char* const*>(environment));
        ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

[[noreturn]] void fail_as_said(const View& view, const char* step) {
    const Place log(view, "runtime.log");
    const Said said(log.text());
    ::unlink(log.text());
    fail(step, said.text[0] ? said.text : view.text(view.all(view.plan().external)[0]), 0, exit_code_for(said.text));
}

void write_json_text(int fd, const char* text) {
    for (; *text; ++text) {
        Line<8> out;
        const auto c = static_cast<unsigned char>(*text);
        if (c == '"' || c == '\\')
            out.add('\\').add(*text);
        else if (c >= 0x20)
            out.add(*text);
        write_all(fd, out.text(), out.size());
    }
}

// The spec or process as JSON, with the user that was looked up inside and his home.
void write_config(const View& view, const char* path, int root) {
    const ProcessStep& process = view.plan().process;
    static Identity identity;
    identity = Identity{};
    if (process.user || process.user_groups.count) {
        const char* more[most_groups];
        unsigned count = 0;
        for (const Text group : view.all(process.user_groups)) {
            if (count == most_groups) fail(to_text(Lookup::too_many_groups), nullptr, 0);
            more[count++] = view.text(group);
        }
        const Lookup found = look_up_user(root, view.text(process.user), more, count, identity);
        if (found != Lookup::found) fail(to_text(found), view.text(process.user), 0);
    } else {
        look_up_home(root, process.uid, identity.home);
    }
    const int fd = checked(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), "writing the spec", path);
    const bool good = write_marked(fd, view.text(view.plan().config), [&](char mark) {
        if (mark == 'H') {
            write_json_text(fd, identity.home);
            return true;
        }
        Line<8192> user;
        user.add("{\"uid\":").number(identity.uid).add(",\"gid\":").number(identity.gid).add(",\"additionalGids\":[");
        for (unsigned i = 0; i < identity.group_count; ++i) user.add(i ? "," : "").number(identity.groups[i]);
        user.add("]}");
        return write_all(fd, user.text(), user.size());
    });
    if (!good) fail("writing the spec", path);
    ::close(fd);
}

class ConsoleSocket {
  public:
    ConsoleSocket(const View& view, bool wanted) : path_(view, "console") {
        if (!wanted) return;
        fd_ = checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "making the console socket", nullptr);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path_.size() >= sizeof address.sun_path) fail("the run folder's path is too long", path_.text(), 0);
        strcpy(address.sun_path, path_.text());
        ::unlink(path_.text());
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 1) != 0)
            fail("making the console socket", path_.text());
    }
    ConsoleSocket(const ConsoleSocket&) = delete;
    ConsoleSocket& operator=(const ConsoleSocket&) = delete;
    ~ConsoleSocket() {
        if (fd_ < 0) return;
        ::close(fd_);
        ::unlink(path_.text());
    }
    const char* flag() const { return fd_ < 0 ? nullptr : "--console-socket"; }
    const char* path() const { return fd_ < 0 ? nullptr : path_.text(); }
    int take() const {
        if (fd_ < 0) return -1;
        const int connection = checked(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC), "taking the terminal", nullptr);
        char name[256];
        iovec part{name, sizeof name};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        int fd = -1;
        if (::recvmsg(connection, &message, MSG_CMSG_CLOEXEC) >= 0)
            if (const cmsghdr* head = CMSG_FIRSTHDR(&message)) memcpy(&fd, CMSG_DATA(head), sizeof fd);
        ::close(connection);
        if (fd < 0) fail("taking the terminal", nullptr, EPROTO);
        return fd;
    }

  private:
    Place path_;
    int fd_ = -1;
};

pid_t read_pid(const char* path) {
    char text[32] = "";
    const int fd = checked(::open(path, O_RDONLY | O_CLOEXEC), "reading the pid", path);
    const ssize_t n = ::read(fd, text, sizeof text - 1);
    ::close(fd);
    ::unlink(path);
    const long pid = n > 0 ? strtol(text, nullptr, 10) : 0;
    if (pid <= 1) fail("reading the pid", path, EPROTO);
    return static_cast<pid_t>(pid);
}

// What installed runtimes fall for: runc before 1.2 makes the links of /dev (stdin …) wherever the image's own /dev
// leads, and waits for ever for a passwd that is a pipe.
void refuse_traps(int root) {
    for (const char* place : {"/dev", "/proc", "/sys"}) {
        const int fd = open_inside(root, place, O_PATH | O_DIRECTORY, Links::none);
        if (fd < 0 && errno != ENOENT) fail("finding a place inside the root", place);
        if (fd >= 0) ::close(fd);
    }
    for (const char* file : {"/etc/passwd", "/etc/group"}) {
        const int fd = open_inside(root, file, O_PATH);
        struct stat st {};
        if (fd >= 0 && ::fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) fail("it is no plain file", file, 0);
        if (fd >= 0) ::close(fd);
    }
}

const Stdio nothing = {};

}  // namespace

pid_t make_by_runtime(const View& view, const Stdio& stdio, int* terminal) {
    const Plan& plan = view.plan();
    mount_for_runtime(view);
    const int root = checked(::open(view.text(plan.root), O_PATH | O_DIRECTORY | O_CLOEXEC), "opening the root",
                             view.text(plan.root));
    refuse_traps(root);
    write_config(view, Place(view, "config.json").text(), root);
    ::close(root);
    const Place pid(view, "made");
    const ConsoleSocket console(view, plan.process.terminal);
    if (!call(view, stdio,
              {"create", "--bundle", view.text(plan.folder), "--pid-file", pid.text(), console.flag(), console.path(),
               view.text(plan.id)}))
        fail_as_said(view, "creating the container");
    *terminal = console.take();
    return read_pid(pid.text());
}

void start_by_runtime(const View& view) {
    if (!call(view, nothing, {"start", view.text(view.plan().id)})) fail_as_said(view, "starting the container");
}

void delete_by_runtime(const View& view) {
    call(view, nothing, {"delete", "--force", view.text(view.plan().id)});
    ::unlink(Place(view, "runtime.log").text());
}

pid_t exec_by_runtime(const View& view, int* terminal) {
    const Plan& plan = view.plan();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    Line<64> inside;
    inside.add("/proc/").number(plan.join_pid).add("/root");
    const int root =
        checked(::open(inside.text(), O_PATH | O_DIRECTORY | O_CLOEXEC), "opening the root", inside.text());
    refuse_traps(root);
    const Place config(view, "exec"), pid(view, "made");
    write_config(view, config.text(), root);
    ::close(root);
    const ConsoleSocket console(view, plan.process.terminal);
    const bool done = call(view, nothing,
                           {"exec", "--detach", "--process", config.text(), "--pid-file", pid.text(), console.flag(),
                            console.path(), view.text(plan.id)});
    ::unlink(config.text());
    if (!done) fail_as_said(view, "exec");
    ::unlink(Place(view, "runtime.log").text());
    *terminal = console.take();
    return read_pid(pid.text());
}

}  // namespace tutti::embedded::shim::box
