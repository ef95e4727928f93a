// What a command works with: the process around it and the makers of its collaborators, handed in by app.
// Used by every command. Holds no state of a command.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "engine/engine.h"
#include "engine/kept_files.h"
#include "os/scope.h"

namespace tutti::cli {

// A file of a project that is published.
struct ArtifactFile {
    enum class Kind : std::uint8_t { compose, base, env };  // base: of an `extends`
    Kind kind = Kind::compose;
    std::string name, content;
    std::string path;  // on this machine; empty: it was made
};

struct Session {
    // How we were called: tutti, docker-compose, docker, "docker compose" or "tutti docker".
    std::string program = "tutti";
    std::string version;                             // our own
    std::map<std::string, std::string> environment;  // of the process
    std::string folder;                              // working directory, absolute
    const base::Files& files;
    std::function<void(std::string_view)> out;  // standard output
    std::function<void(std::string_view)> err;  // standard error
    bool in_is_terminal = false, out_is_terminal = false, err_is_terminal = false;
    std::function<void(const std::string& path, std::string_view content)> write_file;

    // Makes a remote Compose file local; pins an image to its digest ("nginx:1" → "docker.io/library/nginx@sha256:…").
    std::function<std::string(std::string_view reference)> fetch;
    std::function<std::string(std::string_view image)> pin_image;
    // Puts a project's files into a registry; version as --oci-version has it.
    std::function<void(const std::string& reference, const std::vector<ArtifactFile>& files,
                       const std::string& version)>
        push_artifact;

    // The engine that this command drives; made at the first call, lives as long as the session.
    std::function<engine::Engine&()> engine;
    std::function<bool()> engine_is_here;  // it publishes ports on this machine; null: it does
    std::function<std::unique_ptr<engine::Engine>()> docker_engine;  // the Docker Engine beside ours; null: none
    os::Scope scope;  // of the command: a first SIGINT or SIGTERM cancels it
    // Takes signals over until it is handed nothing again; null where there are none (tests).
    std::function<void(std::function<void(int signal)>)> on_signal;
    // Ends the process at once, for a command that is done and holds large values: taking them apart would cost as much
    // as making them. Null where the process goes on (tests).
    std::function<void(int status)> leave;
    std::function<std::string()> read_line;    // one line of standard input
    std::function<std::string()> read_secret;  // likewise, not shown while it is typed
    // Keeps who we are at a registry, or forgets it (false: was not kept). save: where it went, for the message.
    std::function<std::string(const engine::Credentials& who)> save_login;
    std::function<bool(const std::string& server)> drop_login;
    std::function<engine::KeptFiles&()> kept_files;  // external secrets and configs; null: none are kept
    std::string lock_folder;                         // where projects are locked; empty: nowhere

    // From the global flags and their variables, set before the command runs.
    std::string progress = "auto";  // auto, tty, plain, json, quiet
    bool short_form = false;        // `exec NAME` outside any project, for `container exec NAME`
    bool ansi = true;               // --ansi never is off
    bool ansi_always = false;
    bool colour = false;         // for standard error
    std::int64_t parallel = -1;  // at most so many operations at once; -1: no limit

    // A path as the user gave it, seen from the working directory.
    std::string place(const std::string& path) const { return path.starts_with('/') ? path : folder + "/" + path; }
    std::string variable(std::string_view name) const {
        const auto found = environment.find(std::string(name));
        return found == environment.end() ? std::string() : found->second;
    }
};

}  // namespace tutti::cli
