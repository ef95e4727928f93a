#include "cli/complete.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace tutti::cli {

using base::cat;

namespace {

struct Choices {
    std::string_view flag;
    Wanted wanted;
    std::array<std::string_view, 7> words;
};

// Values of flags, by the flag's name; the type of others says whether it is a file.
constexpr Choices choices[] = {
    {"ansi", Wanted::words, {"auto", "always", "never"}},
    {"cgroupns", Wanted::words, {"host", "private"}},
    {"cidfile", Wanted::files, {}},
    {"diagnostics", Wanted::words, {"text", "json"}},
    {"engine", Wanted::words, {"embedded", "docker"}},
    {"env-file", Wanted::files, {}},
    {"exit-code-from", Wanted::services, {}},
    {"file", Wanted::files, {}},
    {"format", Wanted::words, {"table", "json"}},
    {"iidfile", Wanted::files, {}},
    {"input", Wanted::files, {}},
    {"label-file", Wanted::files, {}},
    {"log-level", Wanted::words, {"debug", "info", "warn", "error", "fatal"}},
    {"net", Wanted::networks, {}},
    {"network", Wanted::networks, {}},
    {"no-attach", Wanted::services, {}},
    {"attach", Wanted::services, {}},
    {"output", Wanted::files, {}},
    {"profile", Wanted::profiles, {}},
    {"progress", Wanted::words, {"auto", "tty", "plain", "json", "quiet"}},
    {"project-directory", Wanted::files, {}},
    {"pull", Wanted::words, {"always", "missing", "never"}},
    {"restart", Wanted::words, {"no", "always", "on-failure", "unless-stopped"}},
    {"rmi", Wanted::words, {"local", "all"}},
    {"signal", Wanted::words, {"SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"}},
    {"status", Wanted::words, {"paused", "restarting", "removing", "running", "dead", "created", "exited"}},
    {"type", Wanted::words, {"container", "image", "network", "volume"}},
    {"volume", Wanted::files, {}},
    {"volumes-from", Wanted::containers, {}},
};

// Those that say which project or engine the candidates are asked of.
constexpr std::string_view project_flags[] = {"context", "engine",  "env-file",          "file",
                                              "host",    "profile", "project-directory", "project-name"};

// A word of a usage line → what it stands for.
Wanted meaning(std::string_view word, std::string_view command) {
    static constexpr std::pair<std::string_view, Wanted> words[] = {
        {"SERVICE", Wanted::services},  {"SERVICES", Wanted::services},   {"IMAGE", Wanted::images},
        {"NETWORK", Wanted::networks},  {"VOLUME", Wanted::volumes},      {"SECRET", Wanted::secrets},
        {"CONFIG", Wanted::configs},    {"SOURCE_IMAGE", Wanted::images}, {"REPOSITORY", Wanted::images},
        {"NAME|ID", Wanted::containers}};
    static constexpr std::string_view on_running[] = {"container exec",  "container stop", "container kill",
                                                      "container pause", "container top",  "container attach",
                                                      "container port"};
    if (word == "CONTAINER")
        return std::ranges::find(on_running, command) == std::end(on_running) ? Wanted::containers : Wanted::running;
    for (const auto& [name, wanted] : words)
        if (word == name) return command.ends_with(" create") && wanted != Wanted::images ? Wanted::nothing : wanted;
    return word.empty() ? Wanted::nothing : Wanted::files;
}

// The words of "exec [OPTIONS] SERVICE COMMAND [ARGS...]" behind the options: SERVICE, COMMAND, ARGS.
std::vector<std::string> argument_words(const Command& command) {
    std::vector<std::string> out;
    std::string_view text = command.usage.substr(std::min(command.name.size(), command.usage.size()));
    for (std::string_view word : base::split(text, ' ')) {
        if (word == "[OPTIONS]" || word.empty() || word == "|") continue;
        std::string plain;
        for (const char c : word) {
            if (c == ':' || c == '@') break;
            if (c != '[' && c != ']' && c != '.') plain.push_back(c);
        }
        if (!plain.empty() && !plain.starts_with('-')) out.push_back(plain);
    }
    return out;
}

Wanted argument_at(const Command& command, std::size_t index) {
    if (index >= command.most) return Wanted::nothing;
    const std::vector<std::string> words = argument_words(command);
    if (words.empty()) return Wanted::nothing;
    return meaning(words[std::min(index, words.size() - 1)], command.name);
}

class Walk {
  public:
    explicit Walk(Dialect dialect) { out_.dialect = dialect; }

    Position over(const std::vector<std::string>& words) {
        for (std::size_t i = 0; i + 1 < words.size(); ++i) take(words[i]);
        last(words.empty() ? std::string() : words.back());
        return std::move(out_);
    }

  private:
    const Flag* find(std::string_view name, char letter) const {
        const auto in = [&](std::span<const Flag> flags) -> const Flag* {
            for (const Flag& flag : flags)
                if (name.empty() ? flag.letter == letter : flag.name == name) return &flag;
            return nullptr;
        };
        return out_.command ? in(out_.command->flags) : in(flags_before_command(out_.dialect));
    }

    // The flag that a word leaves without its value; null: none.
    const Flag* open_flag(const std::string& word) const {
        if (word.starts_with("--")) {
            if (word.find('=') != std::string::npos) return nullptr;
            const Flag* flag = find(word.substr(2), 0);
            return flag && flag->kind != FlagKind::boolean && flag->bare.empty() ? flag : nullptr;
        }
        for (std::size_t i = 1; i < word.size(); ++i) {
            const Flag* flag = find("", word[i]);
            if (!flag) return nullptr;
            if (flag->kind != FlagKind::boolean) return i + 1 == word.size() ? flag : nullptr;
        }
        return nullptr;
    }

    void keep_for_project(const Flag& flag, const std::string& value) {
        if (!out_.command && std::ranges::find(project_flags, flag.name) != std::end(project_flags))
            out_.project_words.push_back(cat("--", flag.name, "=", value));
    }

    void take(const std::string& word) {
        if (const Flag* flag = std::exchange(open_, nullptr)) return keep_for_project(*flag, word);
        if (!only_arguments_ && word.size() > 1 && word[0] == '-') {
            if (word == "--") {
                only_arguments_ = true;
                return;
            }
            open_ = open_flag(word);
            const auto equals = word.find('=');
            if (word.starts_with("--") && equals != std::string::npos)
                if (const Flag* flag = find(word.substr(2, equals - 2), 0))
                    keep_for_project(*flag, word.substr(equals + 1));
            return;
        }
        if (!out_.command) return take_command(word);
        if (out_.given.empty() && out_.noun.empty())
            if (const Command* nested = find_command(cat(out_.command->name, " ", word), out_.dialect)) {
                out_.command = nested;
                return;
            }
        out_.given.push_back(word);
        only_arguments_ |= out_.command->options_end_at_first_argument;
    }

    void take_command(const std::string& word) {
        if (out_.noun.empty() && (word == "docker" || word == "compose" || word == "tutti")) {
            out_.dialect = word == "docker" ? Dialect::docker : Dialect::compose;
            return;
        }
        const std::string name = out_.noun.empty() ? word : cat(out_.noun, " ", word);
        out_.command = find_command(name, out_.dialect);
        if (!out_.command) out_.noun = name;
    }

    void value_of(const Flag& flag, const std::string& typed) {
        out_.typed = typed;
        out_.wanted = flag.kind == FlagKind::integer ? Wanted::nothing : Wanted::files;
        for (const Choices& one : choices) {
            if (one.flag != flag.name) continue;
            out_.wanted = one.wanted;
            for (const std::string_view word : one.words)
                if (!word.empty()) out_.choices.push_back(word);
        }
    }

    void last(const std::string& word) {
        if (open_) return value_of(*open_, word);
        const auto equals = word.find('=');
        if (!only_arguments_ && word.starts_with("--") && equals != std::string::npos) {
            out_.before = word.substr(0, equals + 1);
            if (const Flag* flag = find(word.substr(2, equals - 2), 0)) value_of(*flag, word.substr(equals + 1));
            return;
        }
        out_.typed = word;
        if (!only_arguments_ && word.starts_with('-'))
            out_.wanted = Wanted::flag;
        else if (!out_.command)
            out_.wanted = Wanted::command;
        else
            out_.wanted = argument_at(*out_.command, out_.given.size());
    }

    Position out_;
    const Flag* open_ = nullptr;
    bool only_arguments_ = false;
};

void add_commands(const Position& position, std::vector<Candidate>& out) {
    const bool docker = position.dialect == Dialect::docker;
    if (!position.noun.empty()) {
        const std::string beginning = cat(position.noun, " ");
        for (const Command* command : commands()) {
            const std::string_view name =
                docker && command->docker.starts_with(beginning) ? command->docker : command->name;
            if (!command->hidden && name.starts_with(beginning))
                out.push_back({std::string(name.substr(beginning.size())), std::string(command->help)});
        }
        return;
    }
    for (const Command* command : commands()) {
        const std::string_view name = docker ? command->docker : command->name;
        if (!command->hidden && !name.empty() && name.find(' ') == std::string_view::npos)
            out.push_back({std::string(name), std::string(command->help)});
    }
    for (const Noun& noun : nouns()) out.push_back({std::string(noun.name), std::string(noun.help)});
    if (docker) out.push_back({"compose", "Define and run multi-container applications"});
}

}  // namespace

Position position_of(const std::vector<std::string>& words, Dialect dialect) { return Walk(dialect).over(words); }

std::vector<Candidate> table_candidates(const Position& position) {
    std::vector<Candidate> out;
    if (position.wanted == Wanted::command) add_commands(position, out);
    if (position.wanted == Wanted::words)
        for (const std::string_view word : position.choices) out.push_back({std::string(word), {}});
    if (position.wanted == Wanted::flag) {
        const auto flags = position.command ? position.command->flags : flags_before_command(position.dialect);
        for (const Flag& flag : flags)
            if (!flag.hidden) out.push_back({cat("--", flag.name), std::string(flag.help)});
        out.push_back({"--help", "Show what the command does and its flags"});
    }
    return out;
}

}  // namespace tutti::cli
