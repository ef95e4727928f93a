// A git repository as a context or a source of ADD: URL[#REF[:FOLDER]] (Dockerfile reference, "Adding files from a Git
// repository").
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "embedded/build/session.h"
#include "oci/inside.h"
#include "os/process.h"

namespace tutti::embedded::build {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

struct Remote {
    std::string url, ref, folder;
};

Remote split(const std::string& text) {
    Remote out;
    const auto hash = text.find('#');
    out.url = text.substr(0, hash);
    if (out.url.starts_with("github.com/")) out.url = "https://" + out.url;
    if (hash == std::string::npos) return out;
    const std::string fragment = text.substr(hash + 1);
    const auto colon = fragment.find(':');
    out.ref = fragment.substr(0, colon);
    if (colon != std::string::npos) out.folder = fragment.substr(colon + 1);
    // A ref must not be taken for an option by git.
    if (out.ref.starts_with('-')) throw Error(ErrorKind::invalid, cat("'", out.ref, "' is no git reference"));
    return out;
}

std::string find_git(const std::map<std::string, std::string>& environment) {
    const auto path = environment.find("PATH");
    if (auto program = os::find_program(path == environment.end() ? "/usr/bin:/bin" : path->second, "git"))
        return *program;
    throw Error(ErrorKind::not_found, "git is not installed, and a git URL needs it", "install git");
}

void git(std::vector<std::string> words, const std::string& folder, const BuilderOptions& options,
         const os::Cancel& cancel) {
    os::Command command;
    command.argv = {find_git(options.environment), "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    for (const auto& [name, value] : options.environment) command.env.push_back(cat(name, '=', value));
    command.env.emplace_back("GIT_TERMINAL_PROMPT=0");  // a question would never be answered
    command.env.emplace_back("GIT_CONFIG_NOSYSTEM=1");
    command.cwd = folder;
    os::Pipe said = os::make_pipe();
    command.fds = {{said.write.get(), 2}};
    os::Process process = os::Process::spawn(command);
    said.write.reset();
    const std::string text = os::read_to_end(said.read, std::size_t{1} << 20);
    const auto status = process.wait(cancel);
    if (!status || status->code != 0)
        throw Error(ErrorKind::unavailable, cat("git ", words[0], " failed: ", base::trim(text)));
}

}  // namespace

bool is_url(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

bool is_git_url(std::string_view text) {
    const auto bare = text.substr(0, text.find('#'));
    if (text.starts_with("git@") || text.starts_with("git://") || text.starts_with("ssh://") ||
        text.starts_with("github.com/"))
        return true;
    return is_url(text) && bare.ends_with(".git");
}

void fetch_git(const std::string& url, const std::string& into, bool keep_git_folder, const BuilderOptions& options,
               const os::Cancel& cancel) {
    const Remote remote = split(url);
    os::make_folders(into, 0755);
    git({"init", "-q"}, into, options, cancel);
    git({"fetch", "-q", "--depth", "1", "--", remote.url, remote.ref.empty() ? "HEAD" : remote.ref}, into, options,
        cancel);
    git({"checkout", "-q", "FETCH_HEAD"}, into, options, cancel);
    if (!keep_git_folder) os::remove_tree(into + "/.git");
    if (remote.folder.empty()) return;
    // The folder must be a real one inside: a link of the repository could point anywhere.
    const os::Fd root = os::open(into, O_RDONLY | O_DIRECTORY);
    const std::string folder = base::path::clean(cat('/', remote.folder)).substr(1);
    std::string at;
    for (const auto part : base::split(folder, '/')) {
        at = at.empty() ? std::string(part) : cat(at, '/', part);
        struct stat st {};
        if (::fstatat(root.get(), at.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
            throw Error(ErrorKind::not_found,
                        cat("the repository ", remote.url, " has no folder '", remote.folder, "'"));
    }
    const std::string aside = into + ".folder";
    if (::rename(cat(into, '/', folder).c_str(), aside.c_str()) != 0) base::throw_errno(cat("moving ", folder));
    os::remove_tree(into);
    if (::rename(aside.c_str(), into.c_str()) != 0) base::throw_errno(cat("moving ", folder));
}

}  // namespace tutti::embedded::build
