// What a stage has become so far: its image config, its layers, its variables and the key that names all of it in the
// cache. Instructions that change no file are applied here; RUN, COPY and ADD are the builder's. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "embedded/build/stages.h"
#include "embedded/build/words.h"
#include "oci/image.h"

namespace tutti::embedded::build {

struct StageState {
    oci::ImageConfig config;  // history and diff ids grow with the steps
    Variables args;           // ARGs declared in this stage
    base::Digest key = base::Digest::of("scratch");
    bool command_given = false;  // CMD in this Dockerfile: a later ENTRYPOINT leaves it alone

    // ENV beats ARG.
    Lookup lookup() const;
    std::string expanded(std::string_view text, char escape = '\\') const;  // throws Error (invalid)
    std::vector<std::string> expanded_words(std::string_view text, char escape = '\\') const;
    const std::vector<std::string>& shell() const;
    // ENV of the config and the ARGs in force, as a RUN sees them: "K=V".
    std::vector<std::string> run_environment() const;
    void extend_key(std::string_view what);
};

// True if the instruction was applied; false for those that make files (RUN, COPY, ADD, WORKDIR's folder is the
// builder's too). `created`: RFC 3339, for the history. Throws Error (invalid) with BuildKit's words.
struct ApplyContext {
    const Variables& globals;
    const Variables& build_args;
    std::string created;
    char escape = '\\';
};
bool apply(const Step& step, StageState& state, const ApplyContext& context);

// A history row and, with a layer, its diff id.
void add_history(StageState& state, std::string created_by, const std::string& created, const base::Digest* layer);

// The words a shell-form or exec-form command becomes under the stage's SHELL.
std::vector<std::string> command_words(const CommandLine& command, const StageState& state);

// WORKDIR's path after this one: relative ones count from the one before.
std::string next_workdir(const StageState& state, const std::string& path);

}  // namespace tutti::embedded::build
