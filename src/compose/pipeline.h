// The steps that each document of each file goes through, and those of a whole set of files: the main ones, or those of
// an include. Used by load, includes and extends, which call each other. The order is Compose's own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compose/load.h"
#include "compose/reading.h"
#include "compose/reset.h"

namespace tutti::compose {

struct Steps {
    const LoadOptions& options;
    Reading reading;
    const Fetch& fetch;
    std::string home;                    // for `~`; may be empty
    mutable std::size_t inclusions = 0;  // so far, in all sets
};

// Files that are laid over each other.
struct FileSet {
    std::string folder;     // absolute: names of other files (include, extends) start here
    std::string path_base;  // what relative paths in the model are put below: absolute, or relative to the including
                            // set's folder
    const Environment& environment;
    std::vector<std::string> chain;  // the files being included, outermost first
};

// All documents of all files as one model with defaults, valid values and resolved paths. Nothing after an error.
std::optional<doc::Node> load_model(const Steps& steps, FileSet set, std::vector<ComposeFile> files);

// Variables replaced and values cast, unless switched off; false after an error.
bool prepare_document(const Steps& steps, const FileSet& set, const ComposeFile& file, doc::Node& document);
// One prepared document on top of the model. A base for `extends` is not held against the schema: it may be incomplete.
enum class Purpose { model, base };
bool lay_on(const Steps& steps, doc::Node& model, doc::Node document, const Removals& removals, Purpose purpose);

// The path of a file named in a set: below its folder, or fetched; nothing (and an error at `at`) if it cannot be had.
std::optional<std::string> locate(const Steps& steps, const FileSet& set, const std::string& name, const doc::Node& at);
// The folder of `name` (or `name` itself if it is one), as seen from the set's folder.
std::string folder_seen_from(const Steps& steps, const FileSet& set, const std::string& name);

}  // namespace tutti::compose
