#include "embedded/build/instructions.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "embedded/build/words.h"

namespace tutti::embedded::build {

using base::cat;

namespace {

constexpr std::array<std::string_view, 18> keywords{"FROM",    "RUN", "CMD",     "LABEL",      "MAINTAINER",  "EXPOSE",
                                                    "ENV",     "ADD", "COPY",    "ENTRYPOINT", "VOLUME",      "USER",
                                                    "WORKDIR", "ARG", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL"};

struct Flag {
    std::string name, value;
    bool has_value = false;
};

Flag split_flag(std::string_view text) {
    text.remove_prefix(2);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return {std::string(text), {}, false};
    return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)), true};
}

Texts split_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    Texts out;
    for (std::size_t at = text.find_first_not_of(blanks); at != std::string_view::npos;) {
        const auto end = std::min(text.find_first_of(blanks, at), text.size());
        out.emplace_back(text.substr(at, end - at));
        at = text.find_first_not_of(blanks, end);
    }
    return out;
}

std::optional<bool> to_bool(std::string_view text) {
    const std::string lower = base::to_lower(text);
    if (lower == "true" || lower == "1") return true;
    if (lower == "false" || lower == "0") return false;
    return std::nullopt;
}

// One instruction being given its meaning; faults go to the diagnostics with its place.
class Reader {
  public:
    Reader(const Instruction& source, char escape, doc::Diagnostics& diagnostics)
        : source_(source), escape_(escape), diagnostics_(diagnostics) {}

    std::optional<Meaning> read() {
        const std::string& k = source_.keyword;
        if (k == "FROM") return from();
        if (k == "RUN") return run();
        if (k == "COPY" || k == "ADD") return copy(k == "ADD");
        if (k == "ENV") return env();
        if (k == "LABEL") return label();
        if (k == "ARG") return arg();
        if (k == "CMD") return Cmd{command()};
        if (k == "ENTRYPOINT") return Entrypoint{command()};
        if (k == "HEALTHCHECK") return health_check();
        if (k == "ONBUILD") return on_build();
        if (k == "SHELL") return shell();
        if (k == "VOLUME") return volume();
        if (k == "EXPOSE") return no_flags(), need_some("EXPOSE"), Expose{split_blanks(source_.rest)};
        if (k == "WORKDIR") return no_flags(), need_some("WORKDIR"), Workdir{source_.rest};
        if (k == "USER") return no_flags(), need_some("USER"), User{source_.rest};
        if (k == "STOPSIGNAL") return no_flags(), need_some("STOPSIGNAL"), StopSignal{source_.rest};
        if (k == "MAINTAINER") return no_flags(), need_some("MAINTAINER"), Maintainer{source_.rest};
        auto& error = diagnostics_.error(source_.mark, cat("unknown instruction: ", k)).with_width(k.size());
        if (const auto near = base::did_you_mean(k, keywords)) error.with_hint(cat("did you mean ", *near, "?"));
        return std::nullopt;
    }

  private:
    void error(std::string message, std::string hint = {}) {
        diagnostics_.error(source_.mark, std::move(message))
            .with_width(source_.keyword.size())
            .with_hint(std::move(hint));
    }
    void need_some(std::string_view name) {
        if (source_.rest.empty()) error(cat(name, " requires at least one argument"));
    }
    void no_flags() {
        if (!source_.flags.empty()) unknown_flag(split_flag(source_.flags[0]), {});
    }
    void unknown_flag(const Flag& flag, std::span<const std::string_view> known) {
        const auto near = base::did_you_mean(flag.name, known);
        error(cat("unknown flag: --", flag.name), near ? cat("did you mean --", *near, "?") : std::string());
    }
    std::string need_value(const Flag& flag) {
        if (!flag.has_value) error(cat("missing a value on flag: ", flag.name));
        return flag.value;
    }
    bool boolean(const Flag& flag) {
        if (!flag.has_value) return true;
        const auto value = to_bool(flag.value);
        if (!value) error(cat("expecting boolean value for flag ", flag.name, ", not: ", flag.value));
        return value.value_or(false);
    }

    std::optional<Meaning> from() {
        From out;
        for (const auto& text : source_.flags) {
            const Flag flag = split_flag(text);
            constexpr std::array<std::string_view, 1> known{"platform"};
            if (flag.name == "platform")
                out.platform = need_value(flag);
            else
                unknown_flag(flag, known);
        }
        const Texts words = split_blanks(source_.rest);
        if (words.size() != 1 && !(words.size() == 3 && base::to_lower(words[1]) == "as")) {
            error("FROM requires either one or three arguments", "FROM <image> [AS <name>]");
            return std::nullopt;
        }
        out.image = words[0];
        if (words.size() == 3) {
            out.name = base::to_lower(words[2]);
            const bool valid =
                out.name[0] >= 'a' && out.name[0] <= 'z' && std::ranges::all_of(out.name, [](char c) {
                    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                });
            if (!valid)
                error(cat("invalid name for build stage: \"", words[2],
                          "\", name can't start with a number or contain symbols"));
        }
        return out;
    }

    CommandLine command() {
        no_flags();
        return command_of(source_.rest);
    }

    static CommandLine command_of(const std::string& text) {
        CommandLine out;
        if (auto words = parse_exec_form(text)) {
            out.exec_form = true;
            out.words = std::move(*words);
        } else {
            out.line = text;
        }
        return out;
    }

    std::optional<Meaning> run() {
        Run out;
        for (const auto& text : source_.flags) {
            const Flag flag = split_flag(text);
            constexpr std::array<std::string_view, 4> known{"mount", "network", "security", "device"};
            if (flag.name == "mount") {
                if (auto mount = mount_flag(need_value(flag))) out.mounts.push_back(std::move(*mount));
            } else if (flag.name == "network") {
                out.network = need_value(flag);
                if (out.network != "default" && out.network != "none" && out.network != "host")
                    error(cat("unsupported network mode \"", out.network, "\""), "it is one of default, none, host");
            } else if (flag.name == "security") {
                out.security = need_value(flag);
                if (out.security != "sandbox" && out.security != "insecure")
                    error(cat("security \"", out.security, "\" is not valid"), "it is one of sandbox, insecure");
            } else if (flag.name == "device") {
                error("RUN --device is not supported");
            } else {
                unknown_flag(flag, known);
            }
        }
        out.command = command_of(source_.rest);
        out.heredocs = source_.heredocs;
        if (source_.rest.empty()) error("RUN requires at least one argument");
        return out;
    }

    std::optional<MountFlag> mount_flag(const std::string& text) {
        MountFlag out;
        bool read_only_given = false;
        for (const auto field : base::split(text, ',')) {
            const auto equals = field.find('=');
            const std::string key = base::to_lower(base::trim(field.substr(0, equals)));
            const std::string value =
                equals == std::string_view::npos ? std::string() : std::string(field.substr(equals + 1));
            const auto flag = [&] { return equals == std::string_view::npos ? true : to_bool(value).value_or(false); };
            if (key == "type")
                out.type = base::to_lower(value);
            else if (key == "from")
                out.from = value;
            else if (key == "source" || key == "src")
                out.source = value;
            else if (key == "target" || key == "dst" || key == "destination")
                out.target = value;
            else if (key == "id")
                out.id = value;
            else if (key == "env")
                out.environment = value;
            else if (key == "sharing")
                out.sharing = base::to_lower(value);
            else if (key == "required")
                out.required = flag();
            else if (key == "readonly" || key == "ro")
                out.read_only = flag(), read_only_given = true;
            else if (key == "readwrite" || key == "rw")
                out.read_write = flag(), read_only_given = true;
            else if (key == "mode")
                out.mode = number(key, value, 8);
            else if (key == "uid")
                out.uid = number(key, value, 10);
            else if (key == "gid")
                out.gid = number(key, value, 10);
            else if (key == "size")
                out.size = base::parse_bytes(value).value_or(base::Bytes{}).count;
            else {
                constexpr std::array<std::string_view, 14> known{"type",    "from",     "source",   "target", "id",
                                                                 "sharing", "required", "readonly", "rw",     "mode",
                                                                 "uid",     "gid",      "size",     "env"};
                const auto near = base::did_you_mean(key, known);
                error(cat("unexpected key '", key, "' in '", field, "'"),
                      near ? cat("did you mean ", *near, "?") : std::string());
                return std::nullopt;
            }
        }
        check_mount(out, read_only_given);
        return out;
    }

    std::uint32_t number(std::string_view key, const std::string& value, int base) {
        const auto out = base::to_uint(value, base);
        if (!out || *out > UINT32_MAX) error(cat("invalid value '", value, "' of ", key));
        return static_cast<std::uint32_t>(out.value_or(0));
    }

    void check_mount(const MountFlag& mount, bool read_only_given) {
        constexpr std::array<std::string_view, 5> types{"bind", "cache", "tmpfs", "secret", "ssh"};
        if (std::ranges::find(types, mount.type) == types.end()) {
            const auto near = base::did_you_mean(mount.type, types);
            error(cat("unsupported mount type \"", mount.type, "\""),
                  near ? cat("did you mean ", *near, "?") : std::string());
        }
        if (mount.sharing != "shared" && mount.sharing != "private" && mount.sharing != "locked")
            error(cat("unsupported sharing value \"", mount.sharing, "\""), "it is one of shared, private, locked");
        if (mount.type == "tmpfs" && read_only_given) error("a mount of type tmpfs is always writable");
        const bool needs_target = mount.type != "secret" && mount.type != "ssh";
        if (needs_target && mount.target.empty()) error(cat("a mount of type ", mount.type, " requires a target"));
    }

    std::optional<Meaning> copy(bool add) {
        Copy out;
        out.add = add;
        for (const auto& text : source_.flags) copy_flag(out, split_flag(text));
        // Either form is a list of words; in the shell form variables and quotes are resolved later, word by word.
        Texts words = parse_exec_form(source_.rest).value_or(split_words());
        if (words.size() < 2) {
            error(cat(source_.keyword, " requires at least two arguments"),
                  cat(source_.keyword, " <source>... <destination>"));
            return std::nullopt;
        }
        out.destination = words.back();
        words.pop_back();
        std::size_t next = 0;
        for (auto& word : words) {
            const bool heredoc = word.find("<<") != std::string::npos && next < source_.heredocs.size();
            if (heredoc)
                out.files.push_back(source_.heredocs[next++]);
            else
                out.sources.push_back(std::move(word));
        }
        return out;
    }

    Texts split_words() const {
        try {
            return expand_words(source_.rest, [](std::string_view name) { return cat("${", name, "}"); },
                                {escape_, true});
        } catch (const base::Error&) {  // an odd quote or brace: word by word at blanks, as the reference does
            return split_blanks(source_.rest);
        }
    }

    void copy_flag(Copy& out, const Flag& flag) {
        constexpr std::array<std::string_view, 9> known{"from",    "chown",    "chmod",        "link",  "parents",
                                                        "exclude", "checksum", "keep-git-dir", "unpack"};
        if (flag.name == "chown")
            out.chown = need_value(flag);
        else if (flag.name == "chmod")
            out.chmod = need_value(flag);
        else if (flag.name == "link")
            out.link = boolean(flag);
        else if (flag.name == "exclude")
            out.exclude.push_back(need_value(flag));
        else if (flag.name == "from" && !out.add)
            out.from = need_value(flag);
        else if (flag.name == "parents" && !out.add)
            out.parents = boolean(flag);
        else if (flag.name == "checksum" && out.add)
            out.checksum = need_value(flag);
        else if (flag.name == "keep-git-dir" && out.add)
            out.keep_git_dir = boolean(flag);
        else if (flag.name == "unpack" && out.add)
            out.unpack = boolean(flag);
        else
            unknown_flag(flag, known);
    }

    // "A=1 B='x y'" or the older "A x y", one variable whose value is the rest of the line.
    KeyValues key_values(bool old_form_allowed) {
        KeyValues out;
        const auto words = raw_words(source_.rest);
        if (!words.empty() && words[0].find('=') == std::string::npos && old_form_allowed) {
            const auto blank = source_.rest.find_first_of(" \t");
            if (blank == std::string::npos) {
                error(cat(source_.keyword, " must have two arguments"), cat(source_.keyword, " <name>=<value>"));
                return out;
            }
            out.emplace_back(source_.rest.substr(0, blank), std::string(base::trim(source_.rest.substr(blank))));
            return out;
        }
        for (const auto& word : words) {
            const auto equals = word.find('=');
            if (equals == std::string::npos) {
                error(cat("Syntax error - can't find = in \"", word, "\". Must be of the form: name=value"));
                return out;
            }
            if (equals == 0) {
                error(cat(source_.keyword, " names can not be blank"));
                return out;
            }
            out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
        }
        return out;
    }

    // Words split at blanks that are not quoted or escaped; quotes and escapes stay for the later expansion.
    Texts raw_words(std::string_view text) const {
        Texts out;
        std::string word;
        char quote = '\0';
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
                if (!word.empty()) out.push_back(std::exchange(word, {}));
                continue;
            }
            if (c == escape_ && quote != '\'' && i + 1 < text.size()) {
                word += c;
                word += text[++i];
                continue;
            }
            if (quote == '\0' && (c == '"' || c == '\''))
                quote = c;
            else if (c == quote)
                quote = '\0';
            word += c;
        }
        if (!word.empty()) out.push_back(std::move(word));
        return out;
    }

    std::optional<Meaning> env() {
        no_flags();
        need_some("ENV");
        return Env{key_values(true)};
    }
    std::optional<Meaning> label() {
        no_flags();
        need_some("LABEL");
        return Label{key_values(true)};
    }

    std::optional<Meaning> arg() {
        no_flags();
        need_some("ARG");
        Arg out;
        for (const auto& word : raw_words(source_.rest)) {
            const auto equals = word.find('=');
            if (equals == 0) error("ARG names can not be blank");
            if (equals == std::string::npos)
                out.values.emplace_back(word, std::nullopt);
            else
                out.values.emplace_back(word.substr(0, equals), word.substr(equals + 1));
        }
        return out;
    }

    std::optional<Meaning> shell() {
        no_flags();
        auto words = parse_exec_form(source_.rest);
        if (!words || words->empty()) {
            error("SHELL requires the arguments to be in JSON form", R"(SHELL ["/bin/sh", "-c"])");
            return std::nullopt;
        }
        return Shell{std::move(*words)};
    }

    std::optional<Meaning> volume() {
        no_flags();
        need_some("VOLUME");
        Volume out{parse_exec_form(source_.rest).value_or(split_blanks(source_.rest))};
        if (std::ranges::any_of(out.paths, [](const std::string& path) { return path.empty(); }))
            error("VOLUME specified can not be an empty string");
        return out;
    }

    std::chrono::nanoseconds duration(const Flag& flag) {
        const auto time = base::parse_go_duration(need_value(flag));
        if (!time || (time->count() != 0 && *time < std::chrono::milliseconds(1)))
            error(cat("Interval \"", flag.name, "\" cannot be less than 1ms"), "write it like 30s or 1m30s");
        return time.value_or(std::chrono::nanoseconds(0));
    }

    std::optional<Meaning> health_check() {
        HealthCheck out;
        for (const auto& text : source_.flags) {
            const Flag flag = split_flag(text);
            constexpr std::array<std::string_view, 5> known{"interval", "timeout", "start-period", "start-interval",
                                                            "retries"};
            if (flag.name == "interval")
                out.interval = duration(flag);
            else if (flag.name == "timeout")
                out.timeout = duration(flag);
            else if (flag.name == "start-period")
                out.start_period = duration(flag);
            else if (flag.name == "start-interval")
                out.start_interval = duration(flag);
            else if (flag.name == "retries")
                out.retries = static_cast<int>(number("retries", need_value(flag), 10));
            else
                unknown_flag(flag, known);
        }
        const Texts words = split_blanks(source_.rest);
        const std::string type = words.empty() ? std::string() : base::to_lower(words[0]);
        if (type == "none") {
            out.none = true;
            if (words.size() > 1) error("HEALTHCHECK NONE takes no arguments");
            return out;
        }
        if (type != "cmd") {
            error(words.empty() ? "HEALTHCHECK requires at least one argument"
                                : cat("Unknown type \"", words[0], "\" in HEALTHCHECK (try CMD)"));
            return std::nullopt;
        }
        out.command = command_of(std::string(base::trim(std::string_view(source_.rest).substr(words[0].size()))));
        if (out.command.exec_form ? out.command.words.empty() : out.command.line.empty())
            error("Missing command after HEALTHCHECK CMD");
        return out;
    }

    std::optional<Meaning> on_build() {
        const Texts words = split_blanks(source_.rest);
        std::string keyword = words.empty() ? std::string() : base::to_lower(words[0]);
        if (keyword.empty()) error("ONBUILD requires at least one argument");
        if (keyword == "onbuild") error("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
        if (keyword == "from" || keyword == "maintainer") error(cat(words[0], " isn't allowed as an ONBUILD trigger"));
        std::string statement = source_.rest;
        for (const auto& heredoc : source_.heredocs) statement += cat('\n', heredoc.content, heredoc.name);
        return OnBuild{std::move(statement)};
    }

    const Instruction& source_;
    char escape_;
    doc::Diagnostics& diagnostics_;
};

}  // namespace

std::vector<Step> read_instructions(const Dockerfile& dockerfile, doc::Diagnostics& diagnostics) {
    std::vector<Step> out;
    bool in_stage = false;
    for (const auto& instruction : dockerfile.instructions) {
        if (instruction.keyword == "FROM") in_stage = true;
        if (!in_stage && instruction.keyword != "ARG" &&
            std::ranges::find(keywords, instruction.keyword) != keywords.end()) {
            diagnostics.error(instruction.mark, "no build stage in current context")
                .with_width(instruction.keyword.size())
                .with_hint("only ARG may stand before the first FROM");
        }
        if (auto meaning = Reader(instruction, dockerfile.escape, diagnostics).read())
            out.push_back({std::move(*meaning), instruction.original, instruction.mark});
    }
    return out;
}

}  // namespace tutti::embedded::build
