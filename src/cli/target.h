// What a command is about: a project of files, or a name whose containers are found by their labels.
// Used by every command that touches containers.
// Reads files only when it has to: with -p and no -f the name alone will do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/project.h"
#include "verbs/build.h"
#include "verbs/lifecycle.h"
#include "verbs/up.h"

namespace tutti::cli {

struct Subject {
    std::string name;
    std::optional<model::Project> project;

    verbs::Target target(std::vector<std::string> services) const {
        return {name, project ? &*project : nullptr, std::move(services)};
    }
};

// Nothing: the files are faulty, which was reported; the command ends with 1.
std::optional<Subject> project_or_name(const Arguments& arguments, Session& session,
                                       const std::vector<std::string>& services);
std::optional<std::string> project_name(const Arguments& arguments, Session& session);
// For commands that create: the files, with environments resolved. `services` select, with their dependencies.
std::optional<model::Project> whole_project(const Arguments& arguments, Session& session,
                                            const std::vector<std::string>& services);

verbs::Limits limits(const Arguments& arguments, const Session& session);
// -t/--timeout when given.
plan::Timeout timeout(const Arguments& arguments);
// What all creating commands share: separator, platform, files, prompts.
verbs::BuildOptions build_options(Session& session, bool quiet);
verbs::CreateOptions create_options(const Arguments& arguments, Session& session, base::Reporter& reporter);
// y/n on standard input; --yes answers all.
verbs::Ask ask(Session& session, bool yes);
// The environment's flag, as Compose reads booleans: 1, t, true, y, yes … any case.
bool is_true(std::string_view text);

}  // namespace tutti::cli
