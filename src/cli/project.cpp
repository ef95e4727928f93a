#include "cli/project.h"

#include "base/text.h"
#include "base/trace.h"
#include "compose/discovery.h"
#include "doc/json.h"

namespace tutti::cli {

std::string global_workdir(const Arguments& arguments) {
    const bool global = find_flag(arguments.command(), "workdir") == find_flag(nullptr, "workdir");
    return global ? arguments.text("workdir") : std::string();
}

compose::LoadOptions load_options(const Arguments& arguments, const Session& session) {
    compose::LoadOptions options;
    options.files = arguments.texts("file");
    options.project_name = arguments.text("project-name");
    options.project_directory = arguments.text("project-directory");
    if (options.project_directory.empty()) options.project_directory = global_workdir(arguments);
    options.profiles = arguments.texts("profile");
    options.env_files = arguments.texts("env-file");
    options.environment = session.environment;
    options.cwd = session.folder;
    options.normalize = !arguments.on("compatibility");
    options.all_resources = arguments.on("all-resources");
    return options;
}

void shorten_names(doc::Sources& sources, const Session& session) {
    const std::string folder = session.folder + (session.folder.ends_with('/') ? "" : "/");
    for (std::uint32_t file = 0; file < sources.size(); ++file)
        if (sources.name(file).starts_with(folder)) sources.rename(file, sources.name(file).substr(folder.size()));
}

bool report(Reading& reading, const Arguments& arguments, const Session& session) {
    const bool as_json = arguments.text("diagnostics") == "json";
    if (!as_json) shorten_names(reading.sources, session);
    if (as_json)
        session.err(doc::write_json(doc::to_node(reading.diagnostics, reading.sources), {.pretty = true}) + "\n");
    else if (session.progress == "json" && reading.diagnostics.failed())
        session.err(json_error(doc::to_text(reading.diagnostics, reading.sources)));
    else
        session.err(doc::to_text(reading.diagnostics, reading.sources, session.colour));
    return !reading.diagnostics.failed();
}

std::optional<compose::Loaded> load_project(const compose::LoadOptions& options, const Arguments& arguments,
                                            Session& session) {
    Reading reading;
    const base::Span span("load the Compose files");
    auto loaded = compose::load(options, session.files, session.fetch, reading.sources, reading.diagnostics);
    if (!report(reading, arguments, session)) return std::nullopt;
    return loaded;
}

bool is_in_project(const Arguments& arguments, const Session& session) {
    for (const char* flag : {"file", "project-name", "project-directory"})
        if (arguments.given(flag)) return true;
    for (const char* variable : {"COMPOSE_FILE", "COMPOSE_PROJECT_NAME"})
        if (!session.variable(variable).empty()) return true;
    Reading reading;
    const compose::Reading files{session.files, reading.sources, reading.diagnostics};
    return !compose::find_compose_files(session.folder, files).empty() || reading.diagnostics.failed();
}

std::string json_error(std::string_view message) {
    doc::Node line = doc::Node::map();
    line.set("error", doc::Node(true));
    line.set("message", doc::Node(base::trim(message)));
    return doc::write_json(line) + "\n";
}

}  // namespace tutti::cli
