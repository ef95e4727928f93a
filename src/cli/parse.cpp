#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"

namespace tutti::cli {

namespace {

[[noreturn]] void fail(std::string message, std::string hint = {}) {
    throw base::Error(base::ErrorKind::invalid, std::move(message), std::move(hint));
}

// As messages call it: what stands on single things is docker's, the rest Compose's.
std::string full_name(const Command& command, Dialect dialect) {
    const bool single = dialect == Dialect::docker || command.name.find(' ') != std::string_view::npos;
    return base::cat(single ? "docker " : "docker compose ", command.name);
}

std::optional<bool> to_bool(std::string_view text) {
    for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"})
        if (text == word) return true;
    for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"})
        if (text == word) return false;
    return std::nullopt;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    int base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b')) {
        base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
        text.remove_prefix(2);
    }
    const auto number = base::to_uint(text, base);
    if (!number || *number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return negative ? -static_cast<std::int64_t>(*number) : static_cast<std::int64_t>(*number);
}

}  // namespace

const Flag* find_flag(const Command* command, std::string_view name) {
    const auto in = [&](std::span<const Flag> flags) -> const Flag* {
        const auto found = std::ranges::find(flags, name, &Flag::name);
        return found == flags.end() ? nullptr : &*found;
    };
    const Flag* own = command ? in(command->flags) : nullptr;
    return own ? own : in(global_flags());
}

const Flag& Arguments::flag(std::string_view name) const {
    const Flag* flag = find_flag(command_, name);
    if (!flag) throw base::Error(base::ErrorKind::internal, base::cat("no flag is called --", name));
    return *flag;
}

bool Arguments::given(std::string_view name) const { return values_.contains(flag(name).name); }

std::string Arguments::text(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string(flag(name).fallback) : found->second.back();
}

bool Arguments::on(std::string_view name) const { return to_bool(text(name)).value_or(false); }
std::int64_t Arguments::number(std::string_view name) const { return to_integer(text(name)).value_or(0); }

std::vector<std::string> Arguments::texts(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return {};
    if (flag(name).kind != FlagKind::words) return found->second;
    std::vector<std::string> out;
    for (const std::string& value : found->second)
        for (const std::string_view word : base::split(value, ',')) out.emplace_back(word);
    return out;
}

// pflag's grammar: --name, --name=value, --name value, -abc, -ovalue, -o=value, -o value; `--` ends the flags. Global
// flags stand before the command, except --dry-run and --help.
class Parser {
  public:
    Parser(std::span<const std::string> argv, Dialect dialect) : rest_(argv) { out_.dialect_ = dialect; }

    Arguments parse() {
        out_.through_docker_ = out_.dialect_ == Dialect::docker;
        before_command();
        if (!out_.command_) return std::move(out_);
        out_.after_.assign(rest_.begin(), rest_.end());
        if (out_.command_->takes_all_words) {
            out_.rest_ = out_.after_;
            return std::move(out_);
        }
        bool only_arguments = false;
        while (!rest_.empty()) {
            const std::string word = take();
            if (only_arguments || word.size() < 2 || word[0] != '-') {
                out_.rest_.push_back(word);
                only_arguments |= out_.command_->options_end_at_first_argument;
            } else if (word == "--") {
                only_arguments = true;
            } else {
                flag(word);
            }
        }
        if (!out_.help_) check();
        return std::move(out_);
    }

  private:
    std::string take() {
        std::string word = rest_.front();
        rest_ = rest_.subspan(1);
        return word;
    }

    // As the standalone docker-compose: -h is --help, -v and --version are the command `version`; docker's own -v is
    // one short line.
    void before_command() {
        while (!rest_.empty() && !out_.command_) {
            std::string word = take();
            const bool docker = out_.dialect_ == Dialect::docker;
            if (word == "-v" || word == "--version") word = docker ? "--version" : "version";
            if (word == "-h") word = "--help";
            if (word == "--version") {
                out_.command_ = find_command(word, Dialect::docker);
                return;
            }
            const bool is_word = word == "--" || word == "-" || !word.starts_with('-');
            if (is_word && changes_dialect(word)) continue;
            if (word == "help") {
                out_.help_ = true;
                continue;
            }
            if (is_word) return command(word);
            flag(word);
        }
    }

    // docker names a plugin by its word: `docker tutti up` comes as `tutti up`.
    bool changes_dialect(std::string_view word) {
        if (word == "tutti" && out_.dialect_ == Dialect::compose) return true;
        if (word != "compose" && (word != "docker" || out_.dialect_ == Dialect::docker)) return false;
        out_.dialect_ = word == "docker" ? Dialect::docker : Dialect::compose;
        out_.through_docker_ = out_.through_docker_ || word == "docker";
        return true;
    }

    void command(const std::string& word) {
        // The longest name wins: `alpha viz` before `alpha`.
        std::string name = word;
        std::size_t words = 0;
        const Command* best = find_command(name, out_.dialect_);
        out_.called_ = name;
        for (std::size_t i = 0; i < rest_.size() && i < 2 && !rest_[i].starts_with('-'); ++i) {
            name += base::cat(" ", rest_[i]);
            if (const Command* nested = find_command(name, out_.dialect_)) {
                best = nested;
                words = i + 1;
                out_.called_ = name;
            }
        }
        if (!best) {
            out_.rest_.push_back(word);
            out_.rest_.insert(out_.rest_.end(), rest_.begin(), rest_.end());
            rest_ = {};
            return;
        }
        out_.command_ = best;
        rest_ = rest_.subspan(words);
    }

    // After the command only its own flags count, and the two that go everywhere.
    const Flag* find_here(std::string_view name) const {
        if (!out_.command_ && out_.dialect_ == Dialect::docker) {
            const auto found = std::ranges::find(docker_flags(), name, &Flag::name);
            return found == docker_flags().end() ? nullptr : &*found;
        }
        if (!out_.command_ || name == "dry-run") return find_flag(out_.command_, name);
        const auto found = std::ranges::find(out_.command_->flags, name, &Flag::name);
        return found == out_.command_->flags.end() ? nullptr : &*found;
    }

    const Flag* find_letter(char letter) const {
        const auto flags = out_.command_ ? out_.command_->flags : flags_before_command(out_.dialect_);
        const auto found = std::ranges::find(flags, letter, &Flag::letter);
        return found == flags.end() ? nullptr : &*found;
    }

    void flag(const std::string& word) {
        if (word.starts_with("--"))
            long_flag(word);
        else
            short_flags(word);
    }

    void long_flag(const std::string& word) {
        const std::string_view text = std::string_view(word).substr(2);
        const std::size_t equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        if (name.empty() || name[0] == '-') fail(base::cat("bad flag syntax: ", word));
        if (name == "help") {
            out_.help_ = equals == std::string_view::npos || to_bool(text.substr(equals + 1)).value_or(true);
            return;
        }
        const Flag* flag = find_here(name);
        if (!flag) unknown(name);
        if (equals != std::string_view::npos) return set(*flag, std::string(text.substr(equals + 1)));
        if (flag->kind == FlagKind::boolean) return set(*flag, "true");
        if (!flag->bare.empty()) return set(*flag, std::string(flag->bare));
        if (rest_.empty()) fail(base::cat("flag needs an argument: --", name));
        set(*flag, take());
    }

    void short_flags(const std::string& word) {
        for (std::size_t i = 1; i < word.size(); ++i) {
            const char letter = word[i];
            const Flag* flag = find_letter(letter);
            if (!flag && letter == 'h') {
                out_.help_ = true;
                continue;
            }
            if (!flag) fail(base::cat("unknown shorthand flag: '", letter, "' in ", word));
            const bool last = i + 1 == word.size();
            if (!last && word[i + 1] == '=') return set(*flag, word.substr(i + 2));
            if (flag->kind == FlagKind::boolean) {
                set(*flag, "true");
                continue;
            }
            if (!last) return set(*flag, word.substr(i + 1));
            if (!flag->bare.empty()) return set(*flag, std::string(flag->bare));
            if (rest_.empty()) fail(base::cat("flag needs an argument: '", letter, "' in ", word));
            return set(*flag, take());
        }
    }

    void set(const Flag& flag, std::string value) {
        const auto refuse = [&](std::string_view why) {
            const std::string letter = flag.letter ? base::cat("-", flag.letter, ", ") : std::string();
            fail(base::cat("invalid argument \"", value, "\" for \"", letter, "--", flag.name, "\" flag: ", why,
                           ": parsing \"", value, "\": invalid syntax"));
        };
        if (flag.kind == FlagKind::boolean && !to_bool(value)) refuse("strconv.ParseBool");
        if (flag.kind == FlagKind::integer && !to_integer(value)) refuse("strconv.ParseInt");
        out_.values_[flag.name].push_back(std::move(value));
    }

    [[noreturn]] void unknown(std::string_view name) {
        std::vector<std::string_view> names;
        const auto add = [&](std::span<const Flag> flags) {
            for (const Flag& flag : flags)
                if (!flag.hidden) names.push_back(flag.name);
        };
        add(out_.command_ ? out_.command_->flags : flags_before_command(out_.dialect_));
        std::string hint;
        if (out_.command_ && find_flag(nullptr, name))
            hint = base::cat("--", name, " stands before the command: --", name, " … ", out_.command_->name);
        else if (const auto near = base::did_you_mean(name, names))
            hint = base::cat("did you mean --", *near, "?");
        fail(base::cat("unknown flag: --", name), hint);
    }

    void check() const {
        const Command& command = *out_.command_;
        const std::size_t count = out_.rest_.size();
        if (command.most == 0 && count > 0)
            fail(base::cat("unknown command \"", out_.rest_[0], "\" for \"", full_name(command, out_.dialect_), "\""));
        if (count < command.least)
            fail(base::cat("\"", full_name(command, out_.dialect_), "\" requires at least ", command.least, " argument",
                           command.least == 1 ? "" : "s"),
                 base::cat("usage: ", command.usage));
        if (count > command.most)
            fail(base::cat("\"", full_name(command, out_.dialect_), "\" accepts at most ", command.most, " argument",
                           command.most == 1 ? "" : "s"),
                 base::cat("usage: ", command.usage));
        for (const auto& [one, other] : command.conflicts)
            if (out_.given(one) && out_.given(other)) fail(base::cat("--", one, " and --", other, " are incompatible"));
    }

    std::span<const std::string> rest_;
    Arguments out_;
};

Arguments parse(std::span<const std::string> argv, Dialect dialect) { return Parser(argv, dialect).parse(); }

}  // namespace tutti::cli
