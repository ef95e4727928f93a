#include "app/fetch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "app/fetch_artifact.h"
#include "app/kept_copy.h"
#include "app/registries.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "compose/remote.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::app {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

std::string cache_of(const Environment& environment) {
    std::string cache = value(environment, "XDG_CACHE_HOME");
    if (!cache.empty()) return cache;
    const std::string home = value(environment, "HOME");
    if (home.empty())
        throw Error(ErrorKind::not_found, "there is no folder for fetched files", "set HOME or XDG_CACHE_HOME");
    return cat(home, "/.cache");
}

class Git {
  public:
    explicit Git(const Environment& environment) : environment_(environment) {
        const auto program = os::find_program(value(environment, "PATH", "/usr/bin:/bin"), "git");
        if (!program) throw Error(ErrorKind::not_found, "git is not installed, and a git URL needs it", "install git");
        program_ = *program;
    }

    // What it printed on standard output. Nothing of the repository is run, and no question is asked.
    std::string run(const std::vector<std::string>& words, const std::string& folder = {}) const {
        os::Command command;
        command.argv = {program_, "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"};
        command.argv.insert(command.argv.end(), words.begin(), words.end());
        Environment environment = environment_;
        environment.emplace("GIT_TERMINAL_PROMPT", "0");
        if (!environment.contains("GIT_SSH"))
            environment.emplace("GIT_SSH_COMMAND", "ssh -o ControlMaster=no -o BatchMode=yes");
        for (const auto& [name, value] : environment) command.env.push_back(cat(name, '=', value));
        command.cwd = folder;
        os::Pipe said = os::make_pipe();
        command.fds = {{said.write.get(), 1}, {said.write.get(), 2}};
        os::Process process = os::Process::spawn(command);
        said.write.reset();
        constexpr std::size_t most = std::size_t{1} << 20;
        std::string text = os::read_to_end(said.read, most);
        const auto status = process.wait(os::Cancel());
        if (!status || status->code != 0)
            throw Error(ErrorKind::unavailable, cat("git ", words[0], " failed: ", base::trim(text)));
        return text;
    }

  private:
    const Environment& environment_;
    std::string program_;
};

bool is_commit(std::string_view text) {
    constexpr std::size_t length = 40;
    return text.size() == length && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string find_commit(const Git& git, const compose::GitReference& wanted) {
    if (is_commit(wanted.reference)) return wanted.reference;
    const std::string name = wanted.reference.empty() ? "HEAD" : wanted.reference;
    const std::string listed = git.run({"ls-remote", "--exit-code", "--", wanted.remote, name});
    for (const auto line : base::split(listed, '\n')) {  // warnings may stand before
        const auto commit = line.substr(0, line.find('\t'));
        if (is_commit(commit)) return std::string(commit);
    }
    throw Error(ErrorKind::not_found, cat(wanted.remote, " has no reference ", name));
}

void check_out(const Git& git, const compose::GitReference& wanted, const std::string& commit,
               const std::string& folder) {
    git.run({"init", "-q"}, folder);
    git.run({"fetch", "-q", "--depth=1", "--", wanted.remote, commit}, folder);
    git.run({"checkout", "-q", "FETCH_HEAD"}, folder);
}

std::string compose_file_in(const std::string& path, std::string_view reference) {
    constexpr std::array<std::string_view, 4> names{"compose.yaml", "compose.yml", "docker-compose.yml",
                                                    "docker-compose.yaml"};
    const os::RealFiles files;
    if (files.kind(path) == base::Files::Kind::file) return path;
    for (const auto name : names)
        if (files.kind(cat(path, '/', name)) == base::Files::Kind::file) return cat(path, '/', name);
    throw Error(ErrorKind::not_found, cat("no Compose file at ", reference),
                "name its folder or itself after the reference: #main:folder");
}

}  // namespace

std::string fetch(std::string_view reference, const Environment& environment) {
    const bool artifact = compose::is_artifact(reference);
    const std::string switched = artifact ? "COMPOSE_EXPERIMENTAL_OCI_REMOTE" : "COMPOSE_EXPERIMENTAL_GIT_REMOTE";
    const std::string enabled = value(environment, switched, "true");
    if (enabled == "0" || base::to_lower(enabled) == "false")
        throw Error(ErrorKind::denied, cat(artifact ? "OCI" : "git", " remote resource is disabled by ", switched));
    if (artifact) return fetch_artifact(reference, environment, cat(cache_of(environment), "/tutti/oci"));

    const auto wanted = compose::parse_git_reference(reference);
    if (!wanted) throw Error(ErrorKind::invalid, cat(reference, " is neither a git URL nor oci://"));
    if (wanted->reference.starts_with('-'))
        throw Error(ErrorKind::invalid, cat("\"", wanted->reference, "\" is no git reference"));

    const Git git(environment);
    const std::string commit = find_commit(git, *wanted);
    const std::string copy = cat(cache_of(environment), "/tutti/git/", commit);
    keep_copy(copy, [&](const std::string& folder) { check_out(git, *wanted, commit, folder); });
    return compose_file_in(base::path::join(copy, wanted->folder), reference);
}

}  // namespace tutti::app
