#include "verbs/providers.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "os/process.h"
#include "plan/graph.h"

namespace tutti::verbs {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;
using State = base::Progress::State;

std::string variable(const model::Project& project, const std::string& name) {
    const auto found = project.environment.find(name);
    return found == project.environment.end() ? std::string() : found->second;
}

std::string find_program(const model::Project& project, const std::string& type) {
    if (type == "compose") throw Error(ErrorKind::invalid, "'compose' is not a valid provider type");
    const std::string config = variable(project, "DOCKER_CONFIG"), home = variable(project, "HOME");
    const std::string plugins =
        cat(config.empty() ? cat(home, "/.docker") : config,
            "/cli-plugins:/usr/local/lib/docker/cli-plugins:/usr/local/libexec/docker/cli-plugins:"
            "/usr/lib/docker/cli-plugins:/usr/libexec/docker/cli-plugins");
    if (const auto plugin = os::find_program(plugins, "docker-" + type)) return *plugin;
    if (const auto program = os::find_program(variable(project, "PATH"), type)) return *program;
    throw Error(ErrorKind::not_found, cat("provider \"", type, "\": executable file not found in $PATH"),
                cat("install ", type, ", or a Docker CLI plugin docker-", type));
}

struct Ran {
    int code = 0;
    std::string last_words;  // of standard error
};

// Lines of standard output go to `line` as they come.
Ran run_program(const model::Project& project, std::vector<std::string> argv,
                const std::function<void(std::string_view)>& line, const os::Cancel& cancel) {
    os::Pipe out = os::make_pipe(), err = os::make_pipe();
    os::Command command;
    command.argv = std::move(argv);
    for (const auto& [key, value] : project.environment) command.env.push_back(cat(key, "=", value));
    command.cwd = project.working_dir;
    command.fds = {{out.write.get(), 1}, {err.write.get(), 2}};
    os::Process process = os::Process::spawn(command);
    out.write.reset();
    err.write.reset();
    std::string errors;
    os::Scope reading(cancel);
    reading.spawn([&] { errors = os::read_to_end(err.read); });
    std::string pending;
    std::array<char, 4096> buffer{};
    while (true) {
        os::wait(out.read, POLLIN, cancel);
        const ssize_t got = ::read(out.read.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        pending.append(buffer.data(), static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1))
            line(std::string_view(pending).substr(0, end));
    }
    if (!base::trim(pending).empty()) line(pending);
    const auto status = process.wait(cancel);
    reading.join();
    const auto last = base::trim(errors);
    return {status ? status->code : 0, std::string(last.substr(last.rfind('\n') + 1))};
}

// What a provider says of itself; a null Node when it says nothing.
doc::Node metadata_of(const model::Project& project, const std::string& program, const os::Cancel& cancel) {
    std::string text;
    const Ran ran = run_program(
        project, {program, "compose", "metadata"}, [&](std::string_view line) { text += cat(line, "\n"); }, cancel);
    if (ran.code != 0) return {};
    try {
        doc::Node metadata = doc::parse_json(text, "metadata of a provider");
        const bool said = !metadata.text_or("description").empty() || metadata.find_path({"up", "parameters"}) ||
                          metadata.find_path({"down", "parameters"});
        return said ? std::move(metadata) : doc::Node();
    } catch (const Error&) {  // it has no metadata: then it takes all options
        return {};
    }
}

// The options that this action takes. Throws when a required one is missing.
std::vector<std::string> option_flags(const model::Provider& provider, const doc::Node& metadata,
                                      const std::string& action) {
    const doc::Node* parameters = metadata.find_path({action, "parameters"});
    const auto takes = [&](const std::string& name) {
        if (metadata.is_null()) return true;
        if (!parameters || !parameters->is_list()) return false;
        return std::any_of(parameters->items().begin(), parameters->items().end(),
                           [&](const doc::Node& one) { return one.text_or("name") == name; });
    };
    if (parameters && parameters->is_list())
        for (const doc::Node& one : parameters->items())
            if (one.bool_or("required") && !provider.options.count(one.text_or("name")))
                throw Error(ErrorKind::invalid, cat("required parameter \"", one.text_or("name"),
                                                    "\" is missing from provider \"", provider.type, "\" definition"));
    std::vector<std::string> flags;
    for (const auto& [name, values] : provider.options)
        if (takes(name))
            for (const std::string& value : values) flags.push_back(cat("--", name, "=", value));
    return flags;
}

struct ActionWords {
    std::string_view working, done, verb;
};
ActionWords words_of(const std::string& action) {
    if (action == "up") return {"Creating", "Created", "create"};
    if (action == "down") return {"Removing", "Removed", "remove"};
    return {"Stopping", "Stopped", "stop"};
}

// One line of what it answers.
void take(std::string_view line, const std::string& service, plan::spec::Provided& said, base::Reporter& reporter) {
    if (base::trim(line).empty()) return;
    const doc::Node message = doc::parse_json(line, cat("answer of provider ", service));
    const std::string type = message.text_or("type"), text = message.text_or("message");
    const std::string first(base::split(base::trim(text), '\n')[0]);
    if (type == "error") throw Error(ErrorKind::unavailable, text);
    if (type == "debug") return;
    if (type == "info") return reporter.progress({service, {}, State::working, first, {}});
    if (type != "setenv" && type != "rawsetenv")
        throw Error(ErrorKind::unavailable, cat("invalid response from plugin: ", type));
    const auto equals = text.find('=');
    if (equals == std::string::npos) throw Error(ErrorKind::unavailable, cat("invalid response from plugin: ", text));
    (type == "setenv" ? said.prefixed : said.raw)[text.substr(0, equals)] = text.substr(equals + 1);
}

void warn_of_overrides(const model::Project& project, const std::string& provider, const plan::spec::Provided& said,
                       base::Reporter& reporter) {
    for (const auto& [name, service] : project.services) {
        if (!service.depends_on.count(provider)) continue;
        for (const auto& [key, value] : said.raw)
            if (const auto own = service.environment.find(key);
                own != service.environment.end() && own->second != value)
                reporter.warn(cat("provider \"", provider, "\" overrides environment variable \"", key,
                                  "\" in service \"", name, "\""));
    }
}

}  // namespace

plan::spec::Provided run_provider(const model::Project& project, const model::Service& service,
                                  const std::string& action, base::Reporter& reporter, const os::Cancel& cancel) {
    const std::string program = find_program(project, service.provider->type);
    const doc::Node metadata = metadata_of(project, program, cancel);
    if (action == "stop" && !metadata.find("stop")) return {};
    std::vector<std::string> argv = {program, "compose", cat("--project-name=", project.name), action};
    for (std::string& flag : option_flags(*service.provider, metadata, action)) argv.push_back(std::move(flag));
    argv.push_back(service.name);
    const ActionWords words = words_of(action);
    reporter.progress({service.name, {}, State::working, std::string(words.working), {}});
    plan::spec::Provided said;
    try {
        const Ran ran = run_program(
            project, std::move(argv), [&](std::string_view line) { take(line, service.name, said, reporter); }, cancel);
        if (ran.code != 0)
            throw Error(ErrorKind::unavailable,
                        cat("failed to ", words.verb, " service provider: exit status ", ran.code,
                            ran.last_words.empty() ? std::string() : cat(": ", ran.last_words)));
    } catch (const Error& error) {
        reporter.progress({service.name, {}, State::error, std::string(base::split(error.message(), '\n')[0]), {}});
        throw;
    }
    reporter.progress({service.name, {}, State::done, std::string(words.done), {}});
    return said;
}

plan::ProviderCall provider_call(const model::Project& project, base::Reporter& reporter, const os::Cancel& cancel) {
    return [&project, &reporter, cancel](const model::Service& service, const std::string& action) {
        run_provider(project, service, action, reporter, cancel);
    };
}

void up_providers(const model::Project& project, engine::Engine& engine, std::size_t parallel,
                  plan::spec::ProvidedBy& said, base::Reporter& reporter, os::Scope& scope) {
    plan::Plan plan;
    std::map<std::string, plan::StepId> steps;
    for (const std::string& name : plan::in_order(project)) {
        const model::Service& service = project.services.at(name);
        if (!service.provider) continue;
        std::vector<plan::StepId> after;
        for (const auto& [other, dependency] : service.depends_on)
            if (const auto step = steps.find(other); step != steps.end()) after.push_back(step->second);
        steps[name] = plan.add(plan::RunProvider{std::make_shared<const model::Service>(service), "up"},
                               "provider service", std::move(after));
    }
    std::mutex mutex;
    plan::RunOptions options;
    options.project = project.name;
    options.width = parallel;
    options.provider = [&](const model::Service& service, const std::string& action) {
        plan::spec::Provided one = run_provider(project, service, action, reporter, scope.cancel());
        const std::lock_guard lock(mutex);
        warn_of_overrides(project, service.name, one, reporter);
        said[service.name] = std::move(one);
    };
    plan::run(plan, engine, reporter, scope, options);
}

}  // namespace tutti::verbs
