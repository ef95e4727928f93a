// The command table: a command is a value (name, flags, help, function), parsed as pflag and cobra parse.
// One file a command in this folder; commands.cpp lists them. Runs nothing by itself and knows no flag's meaning.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tutti::cli {

struct Session;
class Arguments;

// Whose words count: `ps` of Compose lists a project's containers, `ps` of docker all.
enum class Dialect : std::uint8_t { compose, docker };

enum class FlagKind : std::uint8_t {
    boolean,  // --x, --x=false
    text,     // the last one wins
    texts,    // repeatable, each taken whole
    words,    // repeatable, each split at commas
    integer,
};

struct Flag {
    std::string_view name;
    char letter = 0;  // 0: none
    FlagKind kind = FlagKind::boolean;
    std::string_view help;
    std::string_view fallback = "";  // the default: "", "true", "-1"; also what help prints
    bool hidden = false;
    std::string_view deprecated = "";  // "use --y": a warning when given
    std::string_view type = "";        // the word in help instead of string, stringArray, int
    std::string_view bare = "";        // value of a text flag given without one (`--x`)
};

struct Command {
    std::string_view name;   // "config"; of a nested one "bridge convert"
    std::string_view usage;  // "config [OPTIONS] [SERVICE...]"
    std::string_view help;   // one line
    std::span<const Flag> flags;
    int (*run)(const Arguments&, Session&) = nullptr;  // the exit status; failures are thrown
    std::size_t least = 0, most = SIZE_MAX;            // how many arguments
    bool options_end_at_first_argument = false;        // run, exec
    bool heeds_global_flags = true;                    // false: it answers whatever stands before it
    bool reads_project = true;                         // env files count
    bool hidden = false;
    bool takes_all_words = false;  // what follows is not looked at, flags neither
    std::span<const std::string_view> aliases = {};
    std::string_view docker = "";   // its word in docker's own dialect: "ps" of "container ls"
    std::string_view outside = "";  // "container logs": what it means where there is no project but a name is given
    // Pairs of flags that exclude each other, for the message and the completion.
    std::span<const std::pair<std::string_view, std::string_view>> conflicts = {};
};

// What was given. Names of flags are those of the command or global; an unknown name is a programming error.
class Arguments {
  public:
    bool on(std::string_view flag) const;
    std::string text(std::string_view flag) const;
    std::vector<std::string> texts(std::string_view flag) const;
    std::int64_t number(std::string_view flag) const;
    bool given(std::string_view flag) const;                        // on the command line, whatever its value
    const std::vector<std::string>& rest() const { return rest_; }  // arguments that are no flags
    const Command* command() const { return command_; }             // null: none was named
    bool wants_help() const { return help_; }
    Dialect dialect() const { return dialect_; }
    bool is_docker_compose() const { return dialect_ == Dialect::compose && through_docker_; }
    std::string_view called() const { return called_; }  // the command's name as it was given: "rmi"
    const std::vector<std::string>& after_command() const { return after_; }

  private:
    friend class Parser;
    const Flag& flag(std::string_view name) const;

    const Command* command_ = nullptr;
    std::map<std::string_view, std::vector<std::string>> values_;  // by Flag::name, as given
    std::vector<std::string> rest_;
    std::vector<std::string> after_;  // all words behind the command
    std::string called_;
    Dialect dialect_ = Dialect::compose;
    bool through_docker_ = false;
    bool help_ = false;
};

std::span<const Flag> global_flags();
std::span<const Flag> docker_flags();  // those before the command in docker's dialect; known to global_flags() as well
std::span<const Flag> flags_before_command(Dialect dialect);
const Flag* find_flag(const Command* command, std::string_view name);  // of the command, else a global one
std::span<const Command* const> commands();
// The command of that name, where the dialect has it.
const Command* find_command(std::string_view name, Dialect dialect);

// `docker` as the first word changes to docker's dialect, `compose` behind that back to Compose's. Throws base::Error
// (invalid) with pflag's words: "unknown flag: --x", "flag needs an argument: --file" …
Arguments parse(std::span<const std::string> argv, Dialect dialect = Dialect::compose);

// What several commands share as their first word: `image ls`, `image rm`.
struct Noun {
    std::string_view name, help;
};
std::span<const Noun> nouns();
const Noun* find_noun(std::string_view name);  // null: there is none

// null: of the program
std::string help_text(const Command* command, std::string_view program, Dialect dialect = Dialect::compose);
std::string help_text(const Noun& noun, std::string_view program);

// argv without the program's name → exit status. Prints help, version, usage errors; catches what a command throws.
int run(std::span<const std::string> argv, Session& session);

}  // namespace tutti::cli
