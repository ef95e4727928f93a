// A Dockerfile as written: parser directives, instructions with their lines, flags and here-documents; nothing expanded
// yet. Used by instructions.h, which gives each instruction its meaning. Knows the grammar only (Dockerfile reference,
// "Format").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doc/diagnostics.h"

namespace tutti::embedded::build {

struct Heredoc {
    std::string name;         // the delimiter, without quotes
    std::string content;      // lines with their newlines
    bool expand = true;       // false: the delimiter was quoted
    bool strip_tabs = false;  // <<-
    int file_descriptor = 0;
};

struct Instruction {
    std::string keyword;             // upper case: "RUN"
    std::string original;            // the whole statement as written, continuation lines joined
    std::vector<std::string> flags;  // "--mount=type=cache,target=/x"
    std::string rest;                // what follows the flags
    std::vector<Heredoc> heredocs;
    doc::Mark mark;  // of the keyword
    std::uint32_t last_line = 0;
};

struct Dockerfile {
    std::string syntax, check;  // directives; empty: absent
    char escape = '\\';
    std::vector<Instruction> instructions;
};

// Faults (an unknown directive value, an unterminated here-document, an empty file) are added to the diagnostics with
// their lines.
Dockerfile parse_dockerfile(std::string_view text, std::uint32_t file, doc::Diagnostics& diagnostics);

// The exec form: a JSON list of texts, exactly; nothing if the text is anything else (then it is the shell form).
std::optional<std::vector<std::string>> parse_exec_form(std::string_view text);

}  // namespace tutti::embedded::build
