// The program: reads the environment, wires the rooms, runs the verb. Called as docker-compose or docker it behaves as
// that.
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/engines.h"
#include "app/fetch.h"
#include "app/pin_image.h"
#include "app/plugin.h"
#include "app/publish_artifact.h"
#include "app/registries.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/session.h"
#include "embedded/runtime/command.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/signals.h"

namespace {

using namespace tutti;

// All of it, or nothing more once the reader is gone.
void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::map<std::string, std::string> environment_of(char** environment) {
    std::map<std::string, std::string> out;
    for (char** one = environment; one && *one; ++one) {
        const std::string_view text(*one);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

// $PWD where it names the folder we are in, as a shell shows it: through symbolic links.
std::string working_folder(const std::map<std::string, std::string>& environment) {
    const auto named = environment.find("PWD");
    struct stat there {
    }, here{};
    if (named != environment.end() && named->second.starts_with('/') && ::stat(named->second.c_str(), &there) == 0 &&
        ::stat(".", &here) == 0 && there.st_dev == here.st_dev && there.st_ino == here.st_ino)
        return named->second;
    std::string buffer(4096, '\0');
    while (!::getcwd(buffer.data(), buffer.size())) {
        if (errno != ERANGE) base::throw_errno("finding the working directory");
        buffer.resize(buffer.size() * 2);
    }
    buffer.resize(buffer.find('\0'));
    return buffer;
}

// In place, as the file may be a device or be watched; the mode is what the umask leaves.
void write_file(const std::string& path, std::string_view content) {
    constexpr mode_t mode = 0666;
    const os::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd) base::throw_errno(base::cat("open ", path));
    write_all(fd.get(), content);
}

std::string program_name(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return std::string(name == "docker-compose" || name == "docker" ? name : "tutti");
}

// The OCI runtime's command line is another program in the same file; it needs none of what follows.
int run_oci_runtime(int argc, char** argv) {
    const std::string place = "/run/tutti";
    return embedded::runtime::run_command({argv + 2, argv + argc},
                                          {TUTTI_VERSION, place, "/var/cache/tutti", place + "/runtime"});
}

std::string read_line() {
    std::string line;
    for (char c = 0; ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n';) line.push_back(c);
    return line;
}

// As read_line(), with the terminal's echo off meanwhile.
std::string read_secret() {
    termios before{};
    if (::tcgetattr(STDIN_FILENO, &before) != 0) return read_line();
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    std::string line = read_line();
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    return line;
}

// The first signal ends the command's work, a second one the program; a command may take them over. Their thread is
// started by the first thing that takes time or leaves something to tidy up: reading a file needs none.
class SignalCare {
  public:
    explicit SignalCare(cli::Session& session) : session_(session) {
        session.on_signal = [this](std::function<void(int)> handler) {
            begin();
            signals_->set_handler(handler ? std::move(handler) : by_default());
        };
    }

    void begin() {
        // Not std::call_once: an exception that passes through it ends a program with a static unwinder.
        const std::lock_guard lock(begun_);
        if (signals_) return;
        signals_.emplace(std::initializer_list<int>{SIGINT, SIGTERM, SIGHUP, SIGWINCH});
        signals_->set_handler(by_default());
    }

  private:
    std::function<void(int)> by_default() {
        return [this](int signal) {
            constexpr int interrupted = 130;
            if (signal == SIGWINCH) return;
            if (std::exchange(again_, true)) ::_exit(interrupted);
            session_.scope.cancel().cancel();
        };
    }

    cli::Session& session_;
    std::mutex begun_;
    std::optional<os::Signals> signals_;
    bool again_ = false;
};

}  // namespace

int main(int argc, char** argv, char** environment) {
    if (argc > 1 && std::string_view(argv[1]) == "runtime") return run_oci_runtime(argc, argv);
    if (argc > 1 && std::string_view(argv[1]) == "internal") return app::run_internal({argv + 2, argv + argc});
    ::signal(SIGPIPE, SIG_IGN);  // a reader that is gone shows in write()
    const os::RealFiles files;
    auto variables = environment_of(environment);
    auto folder = working_folder(variables);
    cli::Session session{.program = program_name(argc > 0 ? argv[0] : ""),
                         .version = TUTTI_VERSION,
                         .environment = std::move(variables),
                         .folder = std::move(folder),
                         .files = files};
    SignalCare signals(session);
    session.out = [](std::string_view text) { write_all(STDOUT_FILENO, text); };
    session.err = [](std::string_view text) { write_all(STDERR_FILENO, text); };
    session.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
    session.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    session.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    session.write_file = write_file;
    session.fetch = [&](std::string_view reference) {
        signals.begin();
        return app::fetch(reference, session.environment);
    };
    session.pin_image = [&](std::string_view image) {
        signals.begin();
        return app::pin_image(image, session.environment);
    };
    session.push_artifact = [&](const std::string& reference, const auto& artifact, const std::string& version) {
        signals.begin();
        app::publish_artifact(reference, artifact, version, session.environment, session.scope.cancel());
    };
    session.leave = [](int status) { ::_exit(status); };
    session.read_line = read_line;
    session.read_secret = [&] {
        signals.begin();
        return read_secret();
    };
    session.save_login = [&](const engine::Credentials& who) {
        return app::credential_store(session.environment)
            .save(who.server, {who.username, who.password, who.identity_token}, session.scope.cancel());
    };
    session.drop_login = [&](const std::string& server) {
        return app::credential_store(session.environment).erase(server, session.scope.cancel());
    };
    app::Engines engines;
    session.engine = [&]() -> engine::Engine& {
        signals.begin();
        return engines.open(session.environment);
    };
    session.docker_engine = [&] { return app::docker_engine(session.environment); };
    session.engine_is_here = [&] { return app::engine_is_here(session.environment); };
    std::unique_ptr<engine::KeptFiles> kept;
    session.kept_files = [&]() -> engine::KeptFiles& {
        if (!kept) kept = app::kept_files(session.environment);
        return *kept;
    };
    session.lock_folder = app::lock_folder(session.environment);
    if (session.environment.contains("DOCKER_CLI_PLUGIN_SOCKET")) signals.begin();
    const app::PluginSocket plugin(session.environment, session.scope);
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    return cli::run(arguments, session);
}
