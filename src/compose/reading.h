// Files of users become text and then trees; every failure to read is a located diagnostic, never an exception.
// Used by the steps of load. Parses no Compose: documents come out as written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "compose/environment.h"
#include "doc/diagnostics.h"
#include "doc/node.h"

namespace tutti::compose {

// What all steps of one load share.
struct Reading {
    const base::Files& files;
    doc::Sources& sources;
    doc::Diagnostics& diagnostics;
};

struct SourceText {
    std::uint32_t file = 0;  // in the sources
    std::string_view text;
};

// The text of a file, known to the sources as `shown`. `from` is where somebody wrote the path; unknown for flags.
std::optional<SourceText> read_text(const Reading& reading, const std::string& path, const std::string& shown,
                                    doc::Mark from);

// The documents of a YAML file.
struct ComposeFile {
    std::string path;                  // absolute, or "-"
    std::uint32_t source = 0;          // in the sources
    std::vector<doc::Node> documents;  // none: empty, or only comments
};
std::optional<ComposeFile> read_compose_file(const Reading& reading, const std::string& path, doc::Mark from = {});

// Env files in order: a later one wins; `$X` in them sees `environment` first, then what was read before. Nothing after
// an error.
std::optional<Environment> read_env_files(const Reading& reading, const std::vector<std::string>& paths,
                                          const Environment& environment, doc::Mark from = {});

void add_missing(Environment& environment, const Environment& more);  // what is already there wins
Lookup lookup_in(const Environment& environment);

}  // namespace tutti::compose
