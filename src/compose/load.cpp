#include "compose/load.h"

#include <utility>

#include "base/path.h"
#include "base/text.h"
#include "compose/check.h"
#include "compose/discovery.h"
#include "compose/env_entries.h"
#include "compose/env_resolution.h"
#include "compose/normalize.h"
#include "compose/pipeline.h"
#include "compose/project_name.h"
#include "compose/remote.h"
#include "compose/selection.h"
#include "model/read.h"

namespace tutti::compose {

using doc::Node;

namespace {

// The files as given; all are read, so that the faults of all are reported. A remote file brings its folder: `folder`
// becomes that of the first one.
std::optional<std::vector<ComposeFile>> read_files(const Steps& steps, Setting& setting, std::string& folder) {
    std::vector<ComposeFile> files;
    bool complete = true;
    bool stdin_read = false, remote_seen = false;
    for (auto& name : setting.files) {
        if (name == "-" && std::exchange(stdin_read, true)) {
            files.push_back({name, 0, {}});  // there is nothing left to read
            continue;
        }
        const Node nowhere;
        const auto path =
            name == "-" ? name : locate(steps, {setting.folder, {}, setting.environment, {}}, name, nowhere);
        auto file = path ? read_compose_file(steps.reading, *path) : std::nullopt;
        if (!file) {
            complete = false;
            continue;
        }
        if (is_remote(name) && !std::exchange(remote_seen, true)) folder = base::path::folder(*path);
        name = *path;
        files.push_back(std::move(*file));
    }
    if (!complete) return std::nullopt;
    return files;
}

void take_secret_contents(Node& tree) {
    Node* secrets = tree.find("secrets");
    if (!secrets || !secrets->is_map()) return;
    for (auto& [name, mark, secret] : secrets->entries()) {
        Node* content = secret.find(secret_content_key);
        if (!content) continue;
        Node moved = std::move(*content);
        secret.erase(secret_content_key);
        secret.set("content", std::move(moved));
    }
}

void make_project(const Steps& steps, Loaded& loaded, std::vector<std::string> profiles) {
    const LoadOptions& options = steps.options;
    const auto& [files, sources, diagnostics] = steps.reading;
    take_secret_contents(loaded.tree);
    model::Project& project = loaded.project = model::read_project(loaded.tree, diagnostics);
    if (diagnostics.failed()) return;
    project.name = loaded.name;
    project.working_dir = loaded.working_dir;
    project.compose_files = loaded.files;
    for (const auto& [name, variable] : loaded.environment) project.environment.emplace(name, variable.value);

    apply_profiles(project, std::move(profiles));
    if (options.check_consistency && !check_consistency(project, loaded.tree, diagnostics)) return;
    if (options.resolve_environment && !options.only_selected_env_files)
        resolve_env_files(project, loaded.tree, loaded.environment, files, sources, diagnostics);
    resolve_label_files(project, loaded.tree, files, sources, diagnostics);

    enable_services(project, options.services);
    select_services(project, options.services, Dependencies::include, diagnostics);
    if (!options.all_resources) drop_unused_resources(project);
    // Services that were named into being have not had their turn.
    if (options.resolve_environment && (options.only_selected_env_files || !options.services.empty()))
        resolve_env_files(project, loaded.tree, loaded.environment, files, sources, diagnostics);
}

}  // namespace

Loaded load(const LoadOptions& options, const base::Files& files, const Fetch& fetch, doc::Sources& sources,
            doc::Diagnostics& diagnostics) {
    const auto home = options.environment.find("HOME");
    const Steps steps{options,
                      {files, sources, diagnostics},
                      fetch,
                      home == options.environment.end() ? std::string() : home->second};
    Loaded loaded;
    auto setting = discover(options, steps.reading);
    if (!setting) return loaded;
    loaded.working_dir = setting->folder;
    auto read = read_files(steps, *setting, loaded.working_dir);
    if (!read) return loaded;
    const auto name = project_name(options, *read, setting->folder, setting->environment, files, diagnostics);
    if (!name) return loaded;

    loaded.name = *name;
    loaded.files = setting->files;
    loaded.environment = std::move(setting->environment);
    loaded.environment.insert_or_assign("COMPOSE_PROJECT_NAME", Variable{*name, Variable::Source::computed, {}});
    // A model that is only printed as written sees no variables but this one.
    Environment bare{{"COMPOSE_PROJECT_NAME", loaded.environment.at("COMPOSE_PROJECT_NAME")}};
    const Environment& environment = options.interpolate ? loaded.environment : bare;

    auto model = load_model(steps, {loaded.working_dir, loaded.working_dir, environment, {}}, std::move(*read));
    if (!model) return loaded;
    if (model->size() == 0) {
        diagnostics.error(doc::Mark{}, "empty compose file")
            .with_hint(base::cat(loaded.files.front(), " holds nothing but comments"));
        return loaded;
    }
    if (options.normalize) normalize(*model, *name, environment);
    loaded.tree = std::move(*model);
    if (options.interpolate) make_project(steps, loaded, std::move(setting->profiles));
    return loaded;
}

}  // namespace tutti::compose
