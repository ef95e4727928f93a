#include "embedded/build/state.h"

#include <algorithm>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "doc/json.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

const std::string* find_env(const std::vector<std::string>& env, std::string_view name) {
    for (const auto& entry : env)
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) return &entry;
    return nullptr;
}

void set_env(std::vector<std::string>& env, const std::string& name, const std::string& value) {
    std::string entry = cat(name, '=', value);
    for (auto& there : env)
        if (there.size() > name.size() && there[name.size()] == '=' && there.starts_with(name)) {
            there = std::move(entry);
            return;
        }
    env.push_back(std::move(entry));
}

std::string as_json(const std::vector<std::string>& words) { return doc::write_json(doc::Node::texts(words)); }

// "80", "80-82/tcp", "53/udp" → "80/tcp", …
void expose(std::string_view text, std::vector<std::string>& ports) {
    const auto slash = text.find('/');
    const std::string protocol = slash == std::string_view::npos ? "tcp" : base::to_lower(text.substr(slash + 1));
    const std::string_view range = text.substr(0, slash);
    const auto dash = range.find('-');
    const auto first = base::to_uint(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : base::to_uint(range.substr(dash + 1));
    const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
    if (!first || !last || *first > *last || *last > 65535 || !known)
        throw Error(ErrorKind::invalid, cat("invalid containerPort: ", text));
    for (auto port = *first; port <= *last; ++port) {
        std::string entry = cat(port, '/', protocol);
        if (std::ranges::find(ports, entry) == ports.end()) ports.push_back(std::move(entry));
    }
}

struct Applier {
    StageState& state;
    const ApplyContext& context;
    const Step& step;

    std::string expanded(std::string_view text) const { return state.expanded(text, context.escape); }
    void done(std::string created_by) {
        state.extend_key(created_by);
        add_history(state, std::move(created_by), context.created, nullptr);
    }

    bool operator()(const From&) const { return true; }
    bool operator()(const build::Run&) const { return false; }
    bool operator()(const Copy&) const { return false; }
    bool operator()(const Workdir&) const { return false; }

    bool operator()(const Env& env) {
        // All values see the variables as they were before this instruction.
        KeyValues values;
        for (const auto& [name, value] : env.values) values.emplace_back(expanded(name), expanded(value));
        std::string text = "ENV";
        for (const auto& [name, value] : values) {
            set_env(state.config.run.env, name, value);
            text += cat(' ', name, '=', value);
        }
        done(std::move(text));
        return true;
    }
    bool operator()(const Label& label) {
        std::string text = "LABEL";
        for (const auto& [name, value] : label.values) {
            const std::string key = expanded(name), content = expanded(value);
            state.config.run.labels[key] = content;
            text += cat(' ', key, '=', content);
        }
        done(std::move(text));
        return true;
    }
    bool operator()(const Arg& arg) {
        std::string text = "ARG";
        for (const auto& [name, fallback] : arg.values) {
            const std::string key = expanded(name);
            std::optional<std::string> value;
            if (const auto given = context.build_args.find(key); given != context.build_args.end())
                value = given->second;
            else if (fallback)
                value = expanded(*fallback);
            else if (const auto global = context.globals.find(key); global != context.globals.end())
                value = global->second;
            if (value) state.args[key] = *value;
            text += value ? cat(' ', key, '=', *value) : cat(' ', key);
        }
        // The key changes where a value is used (RUN, an expansion), not where it is declared.
        add_history(state, std::move(text), context.created, nullptr);
        return true;
    }
    bool operator()(const User& user) {
        state.config.run.user = expanded(user.user);
        done(cat("USER ", state.config.run.user));
        return true;
    }
    bool operator()(const Expose& ports) {
        std::string text;
        for (const auto& port : ports.ports)
            for (const auto& word : state.expanded_words(port, context.escape)) {
                expose(word, state.config.run.exposed_ports);
                text += cat(' ', word);
            }
        std::ranges::sort(state.config.run.exposed_ports);
        done(cat("EXPOSE", text));
        return true;
    }
    bool operator()(const Volume& volume) {
        std::vector<std::string> paths;
        for (const auto& path : volume.paths) {
            paths.push_back(expanded(path));
            if (paths.back().empty()) throw Error(ErrorKind::invalid, "VOLUME specified can not be an empty string");
            auto& all = state.config.run.volumes;
            if (std::ranges::find(all, paths.back()) == all.end()) all.push_back(paths.back());
        }
        std::ranges::sort(state.config.run.volumes);
        done(cat("VOLUME ", as_json(paths)));
        return true;
    }
    bool operator()(const Shell& shell) {
        state.config.run.shell = shell.words;
        done(cat("SHELL ", as_json(shell.words)));
        return true;
    }
    bool operator()(const StopSignal& signal) {
        state.config.run.stop_signal = expanded(signal.signal);
        done(cat("STOPSIGNAL ", state.config.run.stop_signal));
        return true;
    }
    bool operator()(const Maintainer& maintainer) {
        state.config.author = maintainer.name;
        done(cat("MAINTAINER ", maintainer.name));
        return true;
    }
    bool operator()(const Cmd& cmd) {
        state.config.run.cmd = command_words(cmd.command, state);
        state.command_given = true;
        done(cat("CMD ", as_json(state.config.run.cmd)));
        return true;
    }
    bool operator()(const Entrypoint& entrypoint) {
        state.config.run.entrypoint = command_words(entrypoint.command, state);
        if (!state.command_given) state.config.run.cmd.clear();  // the base's CMD belonged to the base's ENTRYPOINT
        done(cat("ENTRYPOINT ", as_json(state.config.run.entrypoint)));
        return true;
    }
    bool operator()(const HealthCheck& check) {
        oci::Healthcheck out;
        if (check.none) {
            out.test = {"NONE"};
        } else if (check.command.exec_form) {
            out.test = check.command.words;
            out.test.insert(out.test.begin(), "CMD");
        } else {
            out.test = {"CMD-SHELL", check.command.line};
        }
        out.interval = check.interval;
        out.timeout = check.timeout;
        out.start_period = check.start_period;
        out.start_interval = check.start_interval;
        out.retries = check.retries;
        state.config.run.healthcheck = out;
        done(step.original);
        return true;
    }
    bool operator()(const OnBuild& trigger) {
        state.config.run.on_build.push_back(trigger.statement);
        done(cat("ONBUILD ", trigger.statement));
        return true;
    }
};

}  // namespace

Lookup StageState::lookup() const {
    return [this](std::string_view name) -> std::optional<std::string> {
        if (const std::string* entry = find_env(config.run.env, name)) return entry->substr(name.size() + 1);
        const auto found = args.find(std::string(name));
        return found == args.end() ? std::nullopt : std::optional(found->second);
    };
}

std::string StageState::expanded(std::string_view text, char escape) const {
    return expand(text, lookup(), {.escape = escape});
}

std::vector<std::string> StageState::expanded_words(std::string_view text, char escape) const {
    return expand_words(text, lookup(), {.escape = escape});
}

const std::vector<std::string>& StageState::shell() const {
    static const std::vector<std::string> usual{"/bin/sh", "-c"};
    return config.run.shell.empty() ? usual : config.run.shell;
}

std::vector<std::string> StageState::run_environment() const {
    std::vector<std::string> out = config.run.env;
    for (const auto& [name, value] : args)
        if (!find_env(out, name)) out.push_back(cat(name, '=', value));
    if (!find_env(out, "PATH")) out.emplace_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    return out;
}

void StageState::extend_key(std::string_view what) {
    base::Hasher hasher;
    hasher.add(key.to_text());
    hasher.add("\n");
    hasher.add(what);
    key = hasher.finish();
}

bool apply(const Step& step, StageState& state, const ApplyContext& context) {
    return std::visit(Applier{state, context, step}, step.meaning);
}

void add_history(StageState& state, std::string created_by, const std::string& created, const base::Digest* layer) {
    state.config.history.push_back({.created = created,
                                    .created_by = std::move(created_by),
                                    .comment = "buildkit.dockerfile.v0",
                                    .author = {},
                                    .empty_layer = layer == nullptr});
    if (layer) state.config.diff_ids.push_back(*layer);
}

std::vector<std::string> command_words(const CommandLine& command, const StageState& state) {
    if (command.exec_form) return command.words;
    std::vector<std::string> out = state.shell();
    out.push_back(command.line);
    return out;
}

std::string next_workdir(const StageState& state, const std::string& path) {
    if (base::path::is_absolute(path)) return base::path::clean(path);
    const std::string& before = state.config.run.working_dir;
    return base::path::join(before.empty() ? "/" : before, path);
}

}  // namespace tutti::embedded::build
