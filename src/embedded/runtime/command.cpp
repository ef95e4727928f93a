#include "embedded/runtime/command.h"

#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "doc/json.h"
#include "embedded/runtime/command_line.h"
#include "embedded/runtime/command_parts.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/spec_json.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::embedded::runtime {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

namespace {

const std::vector<FlagName> create_flags = {
    {"bundle", "b"},         {"console-socket", ""},        {"pid-file", ""},
    {"no-pivot", "", false}, {"no-new-keyring", "", false}, {"preserve-fds", ""},
    {"detach", "d", false},  {"keep", "", false},           {"no-subreaper", "", false},
    {"config", "f"}};
const std::vector<FlagName> exec_flags = {{"console-socket", ""},
                                          {"cwd", ""},
                                          {"env", "e"},
                                          {"tty", "t", false},
                                          {"user", "u"},
                                          {"additional-gids", "g"},
                                          {"process", "p"},
                                          {"detach", "d", false},
                                          {"pid-file", ""},
                                          {"process-label", ""},
                                          {"apparmor", ""},
                                          {"no-new-privs", "", false},
                                          {"cap", "c"},
                                          {"preserve-fds", ""},
                                          {"ignore-paused", "", false}};

int create(Tool& tool, const Words& words) {
    const Bundle bundle = read_bundle(words.text("bundle"), words.text("config", "config.json"));
    const Box box = tool.create(one_id(words), bundle, words, false);
    write_pid_file(words, box.pid);
    return 0;
}

int start(Tool& tool, const Words& words) {
    const Box box = tool.box(one_id(words));
    if (tool.native().state(box) != BoxState::created)
        throw Error(ErrorKind::conflict,
                    cat("cannot start a container in the ", to_text(tool.native().state(box)), " state"));
    tool.native().start(box);
    tool.run_hooks(box, &Hooks::poststart, "running");
    return 0;
}

int run(Tool& tool, const Words& words) {
    const Bundle bundle = read_bundle(words.text("bundle"), words.text("config", "config.json"));
    const std::string id = one_id(words);
    if (words.given("detach")) {
        const Box box = tool.create(id, bundle, words, true);
        write_pid_file(words, box.pid);
        return 0;
    }
    const Box box = tool.create_attached(id, bundle, words);
    write_pid_file(words, box.pid);
    const bool terminal = bundle.spec.process && bundle.spec.process->terminal && !words.given("console-socket");
    int code = 0;
    try {
        code = tool.follow(box, terminal);
    } catch (...) {
        tool.remove(box, true);
        throw;
    }
    if (!words.given("keep")) tool.remove(box, true);
    return code;
}

int state(Tool& tool, const Words& words) {
    print(doc::write_json(tool.state_of(tool.box(one_id(words))), {.pretty = true}) + "\n");
    return 0;
}

int kill(Tool& tool, const Words& words) {
    if (words.rest().empty() || words.rest().size() > 2)
        throw Error(ErrorKind::invalid, "kill needs a container's id and at most one signal");
    const Box box = tool.box(words.rest()[0]);
    const int number = signal_number(words.rest().size() > 1 ? words.rest()[1] : "SIGTERM");
    if (tool.native().state(box) == BoxState::stopped) {
        if (words.given("all")) return 0;
        throw Error(ErrorKind::conflict, "container not running");
    }
    tool.native().signal(box, number, words.given("all"));
    return 0;
}

// Those that the POSIX extended regular expression fits.
std::vector<std::string> matching(std::vector<std::string> ids, const std::string& expression) {
    regex_t compiled;
    if (::regcomp(&compiled, expression.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
        throw Error(ErrorKind::invalid, cat("\"", expression, "\" is not a regular expression"));
    std::erase_if(ids, [&](const std::string& id) { return ::regexec(&compiled, id.c_str(), 0, nullptr, 0) != 0; });
    ::regfree(&compiled);
    return ids;
}

int remove(Tool& tool, const Words& words) {
    if (words.given("regex")) {
        if (words.rest().size() != 1) throw Error(ErrorKind::invalid, "delete --regex needs one expression");
        for (const std::string& id : matching(tool.ids(), words.rest()[0]))
            tool.remove(tool.box(id), words.given("force"));
        return 0;
    }
    const std::string id = one_id(words);
    if (words.given("force") && !os::exists(cat(tool.folder(id), "/box.json"))) return 0;
    tool.remove(tool.any_box(id), words.given("force"));
    return 0;
}

int exec(Tool& tool, const Words& words) {
    if (words.rest().empty()) throw Error(ErrorKind::invalid, "exec needs a container's id");
    const Box box = tool.box(words.rest()[0]);
    if (tool.native().state(box) == BoxState::stopped)
        throw Error(ErrorKind::conflict, "cannot exec in a stopped container");
    const ExecSpec spec = read_exec(words, box);
    return tool.exec(box, spec, words);
}

int list_processes(Tool& tool, const Words& words) {
    const std::vector<pid_t> pids = tool.native().processes(tool.box(one_id(words)));
    if (words.text("format", "table") == "json") {
        Node list = Node::list();
        for (const pid_t pid : pids) list.push(Node(static_cast<std::int64_t>(pid)));
        print(doc::write_json(list) + "\n");
        return 0;
    }
    print("PID CMD\n");
    for (const pid_t pid : pids) {
        std::string command = os::read_file_if_exists(cat("/proc/", pid, "/cmdline")).value_or("");
        std::ranges::replace(command, '\0', ' ');
        print(cat(pid, ' ', command, '\n'));
    }
    return 0;
}

int pause(Tool& tool, const Words& words) {
    const Box box = tool.box(one_id(words));
    if (tool.native().state(box) == BoxState::stopped) throw Error(ErrorKind::conflict, "container not running");
    tool.native().pause(box);
    return 0;
}

int resume(Tool& tool, const Words& words) {
    const Box box = tool.box(one_id(words));
    if (tool.native().state(box) != BoxState::paused) throw Error(ErrorKind::conflict, "container not paused");
    tool.native().resume(box);
    return 0;
}

int update(Tool& tool, const Words& words) {
    tool.native().update(tool.box(one_id(words)), read_update(words));
    return 0;
}

int list(Tool& tool, const Words& words) {
    Node all = Node::list();
    for (const std::string& id : tool.ids()) all.push(tool.state_of(tool.any_box(id)));
    if (words.given("quiet")) {
        for (const Node& one : all.items()) print(one.text_or("id") + "\n");
    } else if (words.text("format", "table") == "json") {
        print(doc::write_json(all) + "\n");
    } else {
        print("ID PID STATUS BUNDLE CREATED\n");
        for (const Node& one : all.items())
            print(cat(one.text_or("id"), ' ', one.int_or("pid"), ' ', one.text_or("status"), ' ', one.text_or("bundle"),
                      ' ', one.text_or("created"), '\n'));
    }
    return 0;
}

int features(Tool&, const Words&) {
    print(doc::write_json(describe_features(), {.pretty = true}) + "\n");
    return 0;
}

int spec(Tool&, const Words& words) {
    const std::string path = cat(words.text("bundle", "."), "/config.json");
    if (os::exists(path)) throw Error(ErrorKind::conflict, "File config.json exists. Remove it first");
    os::write_file(path, doc::write_json(write_spec(example_spec(words.given("rootless"))), {.pretty = true}) + "\n",
                   0666);
    return 0;
}

struct Verb {
    std::string_view name;
    int (*run)(Tool&, const Words&);
    std::vector<FlagName> flags;
    bool flags_anywhere = true;
};

const std::vector<Verb>& verbs() {
    static const std::vector<Verb> all = {
        {"create", create, create_flags},
        {"start", start, {}},
        {"run", run, create_flags},
        {"state", state, {}},
        {"kill", kill, {{"all", "a", false}}},
        {"delete", remove, {{"force", "f", false}, {"regex", "r", false}}},
        {"exec", exec, exec_flags, false},
        {"ps", list_processes, {{"format", "f"}}},
        {"pause", pause, {}},
        {"resume", resume, {}},
        {"update", update, update_flags()},
        {"list", list, {{"format", "f"}, {"quiet", "q", false}}},
        {"features", features, {}},
        {"spec", spec, {{"bundle", "b"}, {"rootless", "", false}}},
    };
    return all;
}

// What --log names; nothing where it names nothing.
os::Fd open_log(const Words& global) {
    const std::string format = global.text("log-format", "text"), path = global.text("log");
    if (format != "text" && format != "json")
        throw Error(ErrorKind::invalid, cat("unknown log format \"", format, "\""), "use text or json");
    return path.empty() ? os::Fd() : os::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

int print_usage(const Verb& verb) {
    std::string text = cat("usage: tutti runtime ", verb.name, " [flags] …\n");
    for (const FlagName& flag : verb.flags)
        text += cat("   --", flag.name, flag.letter.empty() ? "" : cat(", -", flag.letter),
                    flag.takes_value ? " VALUE\n" : "\n");
    print(text);
    return 0;
}

void log_error(const Words& global, const Error& error) {
    const std::string text = error.what();
    std::fprintf(stderr, "tutti runtime: %s\n", text.c_str());
    if (global.text("log").empty()) return;
    const os::Fd file = open_log(global);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::string moment = moment_text(now.tv_sec * 1'000'000'000LL + now.tv_nsec);
    if (global.text("log-format", "text") == "text") {
        const std::string quoted = base::replace_all(base::replace_all(text, "\\", "\\\\"), "\"", "\\\"");
        return os::write_all(file, cat("time=\"", moment, "\" level=error msg=\"", quoted, "\"\n"));
    }
    Node line = Node::map();
    line.set("level", Node("error"));
    line.set("msg", Node(text));
    line.set("time", Node(moment));
    os::write_all(file, doc::write_json(line) + "\n");
}

}  // namespace

int run_command(const std::vector<std::string>& arguments, const CommandContext& context) {
    ::signal(SIGPIPE, SIG_IGN);
    std::optional<Words> global;
    try {
        global.emplace(arguments,
                       std::vector<FlagName>{{"root", ""},
                                             {"log", ""},
                                             {"log-format", ""},
                                             {"debug", "", false},
                                             {"systemd-cgroup", "", false},
                                             {"cgroup-manager", ""},
                                             {"rootless", ""},
                                             {"version", "v", false},
                                             {"help", "h", false}},
                       false);
    } catch (const Error& error) {
        std::fprintf(stderr, "tutti runtime: %s\n", error.what());
        return 1;
    }
    if (global->given("version")) {
        print(cat("tutti runtime version ", context.version, "\nspec: 1.2.0\n"));
        return 0;
    }
    try {
        const std::string manager = global->text("cgroup-manager", "cgroupfs");
        if (global->given("systemd-cgroup") || manager == "systemd")
            throw Error(ErrorKind::unsupported, "--systemd-cgroup is not supported", "use the cgroupfs manager");
        if (manager != "cgroupfs" && manager != "disabled")
            throw Error(ErrorKind::invalid, cat("--cgroup-manager ", manager, " is unknown"),
                        "use cgroupfs or disabled");
        open_log(*global);
        const std::string_view name =
            global->rest().empty() ? std::string_view("help") : std::string_view(global->rest()[0]);
        const auto verb = std::ranges::find(verbs(), name, &Verb::name);
        if (verb == verbs().end()) {
            print("usage: tutti runtime [--root DIR] [--log FILE] COMMAND …\ncommands:");
            for (const Verb& one : verbs()) print(cat(' ', one.name));
            print("\n");
            return name == "help" || global->given("help") ? 0 : 1;
        }
        const std::vector<std::string> rest(global->rest().begin() + 1, global->rest().end());
        if (!rest.empty() && (rest[0] == "--help" || rest[0] == "-h")) return print_usage(*verb);
        CommandContext mine = context;
        mine.cgroups = manager == "cgroupfs";
        Tool tool(std::move(mine), global->text("root", context.root));
        return verb->run(tool, Words(rest, verb->flags, verb->flags_anywhere));
    } catch (const Error& error) {
        try {
            log_error(*global, error);
        } catch (const Error&) {  // standard error has it
        }
        const int code = exit_code_of(error);
        return code == 125 ? 1 : code;
    }
}

}  // namespace tutti::embedded::runtime
