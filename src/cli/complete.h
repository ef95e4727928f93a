// Completion of command lines: what may stand at the end of the words typed so far.
// Used by `__complete`, which the scripts for bash, zsh and fish ask (and docker, of a plugin).
// Runs no command; what an engine or a project cannot tell is left out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace tutti::cli {

struct Candidate {
    std::string value, help;
};

// What the last word can be.
enum class Wanted : std::uint8_t {
    nothing,
    files,
    command,  // a command, or the second word of one
    flag,
    services,
    profiles,
    containers,  // any
    running,     // containers that run
    images,
    networks,
    volumes,
    secrets,
    configs,
    words,  // of `choices`
};

struct Position {
    Dialect dialect = Dialect::compose;
    const Command* command = nullptr;
    std::string noun;    // "image" of "image l…"
    std::string before;  // "--format=": stands before the candidates
    std::string typed;   // what is there of the last word, behind `before`
    Wanted wanted = Wanted::nothing;
    std::vector<std::string_view> choices;
    std::vector<std::string> given;          // arguments before the last word: not offered again
    std::vector<std::string> project_words;  // --file=X and the like, to find the project and the engine
};

// Reads all words but the last as the parser would, without refusing any.
Position position_of(const std::vector<std::string>& words, Dialect dialect);

// The candidates that the table alone knows: commands, flags, fixed words.
std::vector<Candidate> table_candidates(const Position& position);

}  // namespace tutti::cli
