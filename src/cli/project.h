// From flags to a loaded project, with everything that is wrong in its files printed.
// Used by every command that reads Compose files. Decides nothing about the project.
#pragma once

#include <optional>

#include "cli/command.h"
#include "cli/session.h"
#include "compose/load.h"
#include "doc/diagnostics.h"

namespace tutti::cli {

// What was read and what is wrong with it.
struct Reading {
    doc::Sources sources;
    doc::Diagnostics diagnostics;
};

// --workdir before the command; `run` and `exec` have one of their own, which is a folder in the container.
std::string global_workdir(const Arguments& arguments);
// From the global flags and the environment; the command adds what it wants.
compose::LoadOptions load_options(const Arguments& arguments, const Session& session);

// Files below the working directory are called by their relative names from here on.
void shorten_names(doc::Sources& sources, const Session& session);

// Prints faults to standard error, as --diagnostics says. False: there are errors, the command ends with status 1.
bool report(Reading& reading, const Arguments& arguments, const Session& session);

// Loads and reports. Nothing: there were errors.
std::optional<compose::Loaded> load_project(const compose::LoadOptions& options, const Arguments& arguments,
                                            Session& session);

// Files or a name of a project are given or found: by flags, variables, or in this folder and above.
bool is_in_project(const Arguments& arguments, const Session& session);

// How an error looks under --progress json.
std::string json_error(std::string_view message);

}  // namespace tutti::cli
