#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/runtime/command_parts.h"
#include "embedded/runtime/spec_json.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

Tool::Tool(CommandContext context, std::string root) : context_(std::move(context)), root_(std::move(root)) {}

std::string Tool::folder(const std::string& id) const {
    const bool good =
        !id.empty() && id != "." && id != ".." && id.size() <= 1024 &&
        id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.") == std::string::npos;
    if (!good) throw Error(ErrorKind::invalid, cat("invalid container ID format: \"", id, "\""));
    return cat(root_, '/', id);
}

std::vector<std::string> Tool::ids() const {
    std::vector<std::string> out;
    for (const std::string& id : os::list_folder(root_))
        if (os::exists(cat(root_, '/', id, "/box.json"))) out.push_back(id);
    return out;
}

Box Tool::box(const std::string& id) const {
    Box out = any_box(id);
    if (out.pid == 0) throw Error(ErrorKind::not_found, cat("container \"", id, "\" does not exist yet"));
    return out;
}

Box Tool::any_box(const std::string& id) const {
    const std::string place = folder(id);
    if (!os::exists(place + "/box.json"))
        throw Error(ErrorKind::not_found, cat("container \"", id, "\" does not exist"));
    return read_box(place);
}

Runtime& Tool::native() {
    if (!native_) native_ = make_native({context_.run_dir, context_.cache_dir});
    return *native_;
}

static os::Fd connect_console(const std::string& path) {
    os::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(ErrorKind::invalid, cat("console socket ", path, ": the path is too long"));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (!fd || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        base::throw_errno(cat("connecting to the console socket ", path));
    return fd;
}

CreateOptions Tool::options(const std::string& id, const Bundle& bundle, const Words& words) const {
    CreateOptions out;
    out.id = id;
    out.folder = folder(id);
    out.bundle = bundle.path;
    out.preserved = preserved_fds(words);
    out.keep_keyring = words.given("no-new-keyring");
    out.no_pivot = words.given("no-pivot");
    out.cgroups = context_.cgroups;
    out.environment = context_.environment;
    const bool terminal = bundle.spec.process && bundle.spec.process->terminal;
    if (words.given("console-socket")) {
        if (!terminal) throw Error(ErrorKind::invalid, "cannot use console socket if the container has no terminal");
        out.console_socket = connect_console(words.text("console-socket"));
    }
    return out;
}

Box Tool::make(const Bundle& bundle, CreateOptions options) {
    const std::string place = options.folder;
    if (os::exists(place + "/box.json"))
        throw Error(ErrorKind::conflict, cat("container with given ID already exists: ", options.id));
    os::make_folders(place);
    try {
        if (!bundle.spec.hooks.empty())
            os::write_file(place + "/config.json", doc::write_json(write_spec(bundle.spec)));
        return native().create(bundle.spec, std::move(options));
    } catch (...) {
        os::remove_tree(place);
        throw;
    }
}

Box Tool::create(const std::string& id, const Bundle& bundle, const Words& words, bool start) {
    CreateOptions detached = options(id, bundle, words);
    if (bundle.spec.process && bundle.spec.process->terminal && !detached.console_socket)
        throw Error(ErrorKind::invalid, "cannot allocate tty if runc will detach without setting console socket",
                    "name one with --console-socket");
    detached.detached = true;
    detached.inherit_stdio = true;
    detached.start = start;
    return make(bundle, std::move(detached));
}

Box Tool::create_attached(const std::string& id, const Bundle& bundle, const Words& words) {
    CreateOptions attached = options(id, bundle, words);
    const bool terminal = bundle.spec.process && bundle.spec.process->terminal;
    attached.inherit_stdio = !terminal;
    attached.open_stdin = terminal;
    return make(bundle, std::move(attached));
}

namespace {

// The caller's terminal in raw mode as long as this lives.
class RawTerminal {
  public:
    RawTerminal() {
        if (::tcgetattr(0, &before_) != 0) return;
        termios raw = before_;
        ::cfmakeraw(&raw);
        set_ = ::tcsetattr(0, TCSADRAIN, &raw) == 0;
    }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal() {
        if (set_) ::tcsetattr(0, TCSADRAIN, &before_);
    }

  private:
    termios before_{};
    bool set_ = false;
};

os::Fd take_signals() {
    sigset_t wanted;
    sigfillset(&wanted);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGCHLD, SIGPIPE}) sigdelset(&wanted, number);
    ::sigprocmask(SIG_SETMASK, &wanted, nullptr);
    return os::Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

void copy_size(shim::Client& client) {
    winsize size{};
    if (::ioctl(0, TIOCGWINSZ, &size) == 0) client.resize(size.ws_row, size.ws_col);
}

// One message of the shim; the exit code when it is the end.
std::optional<int> take_event(const shim::Event& event) {
    if (const auto* output = std::get_if<shim::Output>(&event)) print(output->bytes);
    if (const auto* exited = std::get_if<shim::Exited>(&event)) return exited->record.code;
    if (std::holds_alternative<shim::Closed>(event)) return 255;
    return std::nullopt;
}

}  // namespace

int Tool::follow(const Box& box, bool terminal) {
    const os::Fd signals = take_signals();
    shim::Client client = shim::Client::connect(box.folder);
    client.subscribe(shim::Role::observer);
    std::optional<RawTerminal> raw;
    if (terminal) {
        client.attach(shim::attach_stdin | shim::attach_stdout);
        copy_size(client);
        raw.emplace();
    }
    client.start();
    bool input_open = terminal;
    for (;;) {
        while (const auto event = client.next_now())
            if (const auto code = take_event(*event)) return *code;
        pollfd polled[3] = {{client.fd(), POLLIN, 0}, {signals.get(), POLLIN, 0}, {input_open ? 0 : -1, POLLIN, 0}};
        if (::poll(polled, 3, -1) < 0 && errno != EINTR) base::throw_errno("waiting for the container");
        signalfd_siginfo info{};
        while (::read(signals.get(), &info, sizeof info) == sizeof info) {
            const int number = static_cast<int>(info.ssi_signo);
            if (number == SIGWINCH && terminal)
                copy_size(client);
            else if (number != SIGWINCH && number != SIGURG)
                native().signal(box, number, false);
        }
        if (polled[2].revents == 0) continue;
        char bytes[8192];
        const ssize_t n = ::read(0, bytes, sizeof bytes);
        if (n > 0)
            client.input({bytes, static_cast<std::size_t>(n)});
        else if (n == 0)
            input_open = false;
    }
}

int Tool::exec(const Box& box, const ExecSpec& wanted, const Words& words) {
    ExecSpec spec = wanted;
    spec.detached = words.given("detach");
    os::Fd console;
    if (words.given("console-socket")) console = connect_console(words.text("console-socket"));
    if (spec.process.terminal && spec.detached && !console)
        throw Error(ErrorKind::invalid, "cannot allocate tty if runc will detach without setting console socket");
    spec.preserved = preserved_fds(words);
    if (!spec.process.terminal) spec.stdin_fd = 0, spec.stdout_fd = 1, spec.stderr_fd = 2;
    const auto process = native().exec(box, spec);
    write_pid_file(words, process->pid());
    if (console) send_fd(console, process->terminal());
    if (spec.detached) return 0;
    if (spec.process.terminal && !console) relay_terminal(process->terminal(), process->wait_fd());
    return process->wait(os::Cancel());
}

void Tool::remove(const Box& box, bool force) {
    const std::optional<std::string> config = os::read_file_if_exists(box.folder + "/config.json");
    native().remove(box, force);
    if (config) run_hooks(box, &Hooks::poststop, "stopped");
    os::remove_tree(box.folder);
}

Node Tool::state_of(const Box& box) {
    const BoxState state = native().state(box);
    Node out = Node::map();
    out.set("ociVersion", Node("1.2.0"));
    out.set("id", Node(box.id));
    out.set("pid", Node(static_cast<std::int64_t>(state == BoxState::stopped ? 0 : box.pid)));
    out.set("status", Node(to_text(state)));
    out.set("bundle", Node(box.bundle));
    out.set("rootfs", Node(box.rootfs));
    out.set("created", Node(moment_text(box.created_at)));
    if (!box.annotations.empty()) {
        Node& annotations = out.set("annotations", Node::map());
        for (const auto& [key, value] : box.annotations) annotations.set(key, Node(value));
    }
    out.set("owner", Node(""));
    return out;
}

void Tool::run_hooks(const Box& box, std::vector<Hook> Hooks::*which, std::string_view status) {
    const auto config = os::read_file_if_exists(box.folder + "/config.json");
    if (!config) return;
    const Spec spec = read_spec(doc::parse_json(*config, "config.json"));
    const std::string_view kind = which == &Hooks::poststop ? "poststop" : "poststart";
    Node state = Node::map();
    state.set("ociVersion", Node("1.2.0"));
    state.set("id", Node(box.id));
    state.set("status", Node(status));
    state.set("pid", Node(static_cast<std::int64_t>(status == "stopped" ? 0 : box.pid)));
    state.set("bundle", Node(box.bundle));
    Node& annotations = state.set("annotations", Node::map());
    for (const auto& [key, value] : box.annotations) annotations.set(key, Node(value));
    for (const Hook& hook : spec.hooks.*which) {
        os::Pipe input = os::make_pipe();
        os::Command command;
        command.argv = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
        command.program = hook.path;
        command.env = hook.env.empty() ? context_.environment : hook.env;
        command.cwd = box.bundle;
        command.fds = {{input.read.get(), 0}, {2, 2}};
        try {
            os::Process process = os::Process::spawn(command);
            input.read.reset();
            write_or_lose(input.write, doc::write_json(state));  // a hook need not read it
            input.write.reset();
            const os::Until until =
                hook.timeout ? os::Until(os::Clock::now() + std::chrono::seconds(*hook.timeout)) : std::nullopt;
            const auto status = process.wait(os::Cancel(), until);
            if (!status)
                print_error(cat("warning: ", kind, " hook ", hook.path, " did not end in ", *hook.timeout, " s"));
            else if (status->code != 0)
                print_error(cat("warning: ", kind, " hook failed with exit code ", status->code, ": ", hook.path));
        } catch (const Error& error) {  // these hooks may fail without harm: the specification wants a warning
            print_error(cat("hook ", hook.path, ": ", error.what()));
        }
    }
}

}  // namespace tutti::embedded::runtime
