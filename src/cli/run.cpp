#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/trace.h"
#include "cli/commands.h"
#include "cli/docker_words.h"
#include "cli/project.h"
#include "cli/session.h"
#include "cli/single.h"

namespace tutti::cli {

namespace {

[[noreturn]] void fail(std::string message, std::string hint = {}) {
    throw base::Error(base::ErrorKind::invalid, std::move(message), std::move(hint));
}

std::string ansi_mode(const Arguments& arguments, const Session& session) {
    if (arguments.on("no-ansi")) {
        if (arguments.text("ansi") != "auto")
            fail("cannot specify DEPRECATED \"--no-ansi\" and \"--ansi\". Please use only \"--ansi\"");
        session.err("option '--no-ansi' is DEPRECATED ! Please use '--ansi' instead.\n");
        return "never";
    }
    const std::string variable = session.variable("COMPOSE_ANSI");
    return arguments.given("ansi") || !session.environment.contains("COMPOSE_ANSI") ? arguments.text("ansi") : variable;
}

std::string progress_mode(const std::string& wish, std::string_view ansi) {
    const std::string mode = wish.empty() ? "auto" : wish == "none" ? "quiet" : wish;
    constexpr std::string_view modes[] = {"auto", "tty", "plain", "json", "quiet"};
    if (std::ranges::find(modes, mode) == std::end(modes))
        fail(base::cat("unsupported --progress value \"", wish, "\""));
    if (mode == "tty" && ansi == "never") fail("can't use --progress tty while ANSI support is disabled");
    if (mode == "plain" && ansi == "always") fail("can't use --progress plain while ANSI support is forced");
    return mode;
}

std::int64_t parallel_limit(const Arguments& arguments, const Session& session) {
    const auto variable = session.environment.find("COMPOSE_PARALLEL_LIMIT");
    if (arguments.given("parallel") || variable == session.environment.end()) return arguments.number("parallel");
    const auto number = base::to_int(variable->second);
    if (!number) fail(base::cat("COMPOSE_PARALLEL_LIMIT must be an integer (found: \"", variable->second, "\")"));
    return *number;
}

void check_log_level(const Arguments& arguments) {
    const std::string level = arguments.text("log-level");
    for (const std::string_view known : {"debug", "info", "warn", "warning", "error", "fatal", "panic", "trace"})
        if (level == known) return;
    fail(base::cat("unable to parse logging level: ", level));
}

// What the flags say about the engine, as the variables that say the same.
void choose_engine(const Arguments& arguments, std::map<std::string, std::string>& environment) {
    const auto set = [&](std::string_view flag, const char* variable) {
        if (!arguments.given(flag)) return false;
        environment[variable] = arguments.text(flag);
        return true;
    };
    set("engine", "TUTTI_ENGINE");
    set("config", "DOCKER_CONFIG");
    if (arguments.given("host") && arguments.given("context"))
        fail("conflicting options: cannot specify both --host and --context");
    if (set("host", "DOCKER_HOST")) environment.erase("DOCKER_CONTEXT");
    if (set("context", "DOCKER_CONTEXT")) environment.erase("DOCKER_HOST");
    if (arguments.given("insecure-registry"))
        environment["TUTTI_INSECURE_REGISTRIES"] = base::join(arguments.texts("insecure-registry"), ",");
    if (arguments.on("tls")) environment["DOCKER_TLS"] = "1";
    if (arguments.on("tlsverify")) environment["DOCKER_TLS_VERIFY"] = "1";
    for (const auto& [flag, variable] :
         {std::pair{"tlscacert", "TUTTI_TLS_CA"}, std::pair{"tlscert", "TUTTI_TLS_CERTIFICATE"},
          std::pair{"tlskey", "TUTTI_TLS_KEY"}})
        if (set(flag, variable) && !environment.contains("DOCKER_TLS_VERIFY")) environment["DOCKER_TLS"] = "1";
}

// The flags before the command and their variables; of a command that reads a project, COMPOSE_* variables of env files
// count as exported. False: the env files are faulty, which is reported.
bool prepare(const Arguments& arguments, Session& session) {
    check_log_level(arguments);
    const bool known = arguments.text("diagnostics") == "text" || arguments.text("diagnostics") == "json";
    if (!known)
        fail(base::cat("unsupported --diagnostics value \"", arguments.text("diagnostics"), "\""), "text or json");
    if (!global_workdir(arguments).empty()) {
        if (!arguments.text("project-directory").empty())
            fail(
                "cannot specify DEPRECATED \"--workdir\" and \"--project-directory\". Please use only "
                "\"--project-directory\" instead");
        session.err("option '--workdir' is DEPRECATED at root level! Please use '--project-directory' instead.\n");
    }
    choose_engine(arguments, session.environment);
    const std::string progress =
        arguments.given("progress") ? arguments.text("progress") : session.variable("COMPOSE_PROGRESS");
    if (arguments.command()->reads_project) {
        Reading reading;
        auto environment = compose::with_compose_variables(load_options(arguments, session), session.files,
                                                           reading.sources, reading.diagnostics);
        if (reading.diagnostics.failed()) return report(reading, arguments, session);
        // Too late for this one: the env files are chosen already.
        if (!session.environment.contains("COMPOSE_ENV_FILES")) environment.erase("COMPOSE_ENV_FILES");
        session.environment = std::move(environment);
    }
    const std::string ansi = ansi_mode(arguments, session);
    session.progress = progress_mode(progress, ansi);
    session.ansi = ansi != "never";
    session.ansi_always = ansi == "always";
    session.colour =
        ansi != "never" && session.variable("NO_COLOR").empty() && (session.err_is_terminal || ansi == "always");
    session.parallel = parallel_limit(arguments, session);
    return true;
}

// `image`, `image --help`: what there is; `image frobnicate`: what there is not.
int noun_alone(const Noun& noun, const Arguments& arguments, const Session& session) {
    const auto& rest = arguments.rest();
    if (rest.size() == 1 || rest[1] == "--help" || rest[1] == "-h") {
        session.out(help_text(noun, session.program));
        return 0;
    }
    std::vector<std::string_view> names;
    for (const Command* command : commands())
        if (command->name.starts_with(base::cat(noun.name, " "))) names.push_back(command->name);
    const auto near = base::did_you_mean(base::cat(noun.name, " ", rest[1]), names);
    fail(base::cat("unknown command: \"", noun.name, " ", rest[1], "\""),
         near ? base::cat("did you mean '", *near, "'?")
              : base::cat("'", session.program, " ", noun.name, " --help' lists the commands"));
}

int unknown_command(const Arguments& arguments, const Session& session) {
    const std::string& name = arguments.rest()[0];
    const bool docker = arguments.dialect() == Dialect::docker;
    if (const Noun* noun = find_noun(docker && name == "config" ? "configs" : name))
        return noun_alone(*noun, arguments, session);
    if (docker) refuse_docker_word(name);
    std::vector<std::string_view> names;
    for (const Command* command : commands()) {
        const std::string_view word = docker ? command->docker : command->name;
        if (!command->hidden && !word.empty()) names.push_back(word);
    }
    const auto near = base::did_you_mean(name, names);
    fail(base::cat("unknown docker command: \"", docker ? "" : "compose ", name, "\""),
         near ? base::cat("did you mean '", *near, "'?")
              : base::cat("'", session.program, " --help' lists the commands"));
}

// Outside any project a name that is given can only be a container's: `logs NAME` is then `container logs NAME`.
std::optional<Arguments> about_a_container(const Arguments& arguments, const Session& session) {
    const Command& command = *arguments.command();
    if (command.outside.empty() || arguments.rest().empty() || is_in_project(arguments, session)) return std::nullopt;
    std::vector<std::string> words;
    for (const std::string_view word : base::split(command.outside, ' ')) words.emplace_back(word);
    words.insert(words.end(), arguments.after_command().begin(), arguments.after_command().end());
    return parse(words);
}

int run_parsed(const Arguments& arguments, Session& session) {
    const Command* command = arguments.command();
    if (arguments.dialect() == Dialect::docker && session.program == "tutti") session.program = "tutti docker";
    if (arguments.is_docker_compose()) session.program = "docker compose";
    const bool unknown = !command && !arguments.rest().empty();
    if (unknown && (!arguments.wants_help() || find_noun(arguments.rest()[0])))
        return unknown_command(arguments, session);
    if (!command || arguments.wants_help()) {
        session.out(help_text(command, session.program, arguments.dialect()));
        return 0;
    }
    if (command->heeds_global_flags && !prepare(arguments, session)) return 1;
    if (const auto other = about_a_container(arguments, session)) {
        session.short_form = true;
        return other->command()->run(*other, session);
    }
    return command->run(arguments, session);
}

void print(const base::Error& error, Session& session) {
    if (session.progress == "json") return session.err(json_error(error.what()));
    session.err(base::cat(error.what(), "\n"));
    if (const std::string hint = hint_for(error, session); !hint.empty())
        session.err(base::cat("  hint: ", hint, "\n"));
}

}  // namespace

// With --trace FILE the timeline of all that is written there, also of a command that fails.
static int run_traced(const Arguments& arguments, Session& session) {
    if (!arguments.given("trace")) return run_parsed(arguments, session);
    session.leave = nullptr;  // the file is still to be written
    base::begin_trace();
    const auto write = [&] { session.write_file(session.place(arguments.text("trace")), base::end_trace()); };
    try {
        const int status = [&] {
            const base::Span span("tutti", arguments.command() ? arguments.command()->name : "");
            return run_parsed(arguments, session);
        }();
        write();
        return status;
    } catch (...) {
        write();
        throw;
    }
}

int run(std::span<const std::string> argv, Session& session) {
    constexpr int failed = 1, cancelled = 130;
    try {
        return run_traced(parse(argv, session.program == "docker" ? Dialect::docker : Dialect::compose), session);
    } catch (const base::Error& error) {
        print(error, session);
        return failed;
    } catch (const base::Cancelled&) { return cancelled; }
}

}  // namespace tutti::cli
