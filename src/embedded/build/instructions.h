// What each Dockerfile instruction says, as a variant; variables are still in place ($X), as they depend on the stage.
// Made by read_instructions from a parsed Dockerfile, used by the stages and the builder. Runs nothing.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "embedded/build/dockerfile.h"

namespace tutti::embedded::build {

using Texts = std::vector<std::string>;
using KeyValues = std::vector<std::pair<std::string, std::string>>;

// Shell form: one line for the shell. Exec form: the words themselves.
struct CommandLine {
    bool exec_form = false;
    Texts words;       // exec form
    std::string line;  // shell form
};

struct From {
    std::string image, name, platform;  // name: after AS, lower case; may be empty
};
struct MountFlag {  // RUN --mount
    std::string type = "bind", from, source, target, id, sharing = "shared", environment;
    bool read_only = false, read_write = false, required = false;
    std::optional<std::uint32_t> mode;
    std::uint32_t uid = 0, gid = 0;
    std::int64_t size = 0;  // tmpfs, bytes; 0: no limit
};
struct Run {
    CommandLine command;
    std::vector<MountFlag> mounts;
    std::string network, security;  // "", default, none, host; "", sandbox, insecure
    std::vector<Heredoc> heredocs;
};
struct Copy {
    bool add = false;
    Texts sources;  // without those that are here-documents
    std::vector<Heredoc> files;
    std::string destination, from, chown, chmod, checksum;
    bool link = false, parents = false, keep_git_dir = false;
    std::optional<bool> unpack;
    Texts exclude;
};
struct Env {
    KeyValues values;
};
struct Label {
    KeyValues values;
};
struct Arg {
    std::vector<std::pair<std::string, std::optional<std::string>>> values;
};
struct Workdir {
    std::string path;
};
struct User {
    std::string user;
};
struct Expose {
    Texts ports;
};
struct Volume {
    Texts paths;
};
struct Shell {
    Texts words;
};
struct StopSignal {
    std::string signal;
};
struct Maintainer {
    std::string name;
};
struct Cmd {
    CommandLine command;
};
struct Entrypoint {
    CommandLine command;
};
struct HealthCheck {
    bool none = false;
    CommandLine command;
    std::chrono::nanoseconds interval{0}, timeout{0}, start_period{0}, start_interval{0};
    int retries = 0;
};
struct OnBuild {
    std::string statement;
};

using Meaning = std::variant<From, Run, Copy, Env, Label, Arg, Workdir, User, Expose, Volume, Shell, StopSignal,
                             Maintainer, Cmd, Entrypoint, HealthCheck, OnBuild>;

struct Step {
    Meaning meaning;
    std::string original;  // as written, on one line: what progress and history show
    doc::Mark mark;
};

// Unknown words (with "did you mean"), unknown flags, wrong argument counts are located errors; the rest is read on.
std::vector<Step> read_instructions(const Dockerfile& dockerfile, doc::Diagnostics& diagnostics);

}  // namespace tutti::embedded::build
