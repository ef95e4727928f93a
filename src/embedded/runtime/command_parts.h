// The parts of `tutti runtime` (command.cpp): bundles, containers under --root, what flags mean. Used by command*.cpp
// only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "embedded/runtime/command.h"
#include "embedded/runtime/command_line.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime {

struct Bundle {
    std::string path;  // absolute
    Spec spec;
};
// `path` empty: the working folder. `config`: the spec's file, counted from there.
Bundle read_bundle(const std::string& path, const std::string& config = "config.json");

class Tool {
  public:
    Tool(CommandContext context, std::string root);

    std::vector<std::string> ids() const;             // of the containers under --root
    std::string folder(const std::string& id) const;  // throws Error invalid on an id that is no name
    Box box(const std::string& id) const;             // throws Error not_found, also while it is still being made
    Box any_box(const std::string& id) const;         // … even then
    Runtime& native();

    // For others: the first process goes to our caller's subreaper.
    Box create(const std::string& id, const Bundle& bundle, const Words& words, bool start);
    // For `run`: a shim holds it, we wait.
    Box create_attached(const std::string& id, const Bundle& bundle, const Words& words);
    int follow(const Box& box, bool terminal);
    int exec(const Box& box, const ExecSpec& spec, const Words& words);
    void remove(const Box& box, bool force);
    doc::Node state_of(const Box& box);
    void run_hooks(const Box& box, std::vector<Hook> Hooks::*which, std::string_view status);

  private:
    CreateOptions options(const std::string& id, const Bundle& bundle, const Words& words) const;
    Box make(const Bundle& bundle, CreateOptions options);

    CommandContext context_;
    std::string root_;
    std::unique_ptr<Runtime> native_;
};

void print(std::string_view text);
void write_or_lose(const os::Fd& fd, std::string_view text);  // as much as the reader takes
void print_error(std::string_view text);
void send_fd(const os::Fd& socket, const os::Fd& fd);
void relay_terminal(const os::Fd& terminal, int end);  // until the terminal ends, or `end` is readable
std::string one_id(const Words& words);
std::vector<int> preserved_fds(const Words& words);  // --preserve-fds N: 3 … 2 + N; -1 for one that is not open
void write_pid_file(const Words& words, pid_t pid);
int signal_number(std::string_view text);  // "KILL", "SIGKILL", "9"
std::string moment_text(std::int64_t nanoseconds);
ExecSpec read_exec(const Words& words, const Box& box);
Resources read_update(const Words& words);
const std::vector<FlagName>& update_flags();
doc::Node describe_features();
Spec example_spec(bool rootless);

}  // namespace tutti::embedded::runtime
