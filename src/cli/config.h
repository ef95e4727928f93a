// The parts of `config`: what it prints instead of the whole model.
// Used by config.cpp only.
// Not the loading: that is compose's.
#pragma once

#include "cli/project.h"

namespace tutti::cli {

enum class Listing { services, volumes, networks, models, profiles, images, environment };

std::string list(Listing what, const compose::Loaded& loaded, std::string_view separator);

// `name hash` for the services that the text names: "*", or globs separated by commas.
std::string hashes(std::string_view names, bool resolve_environment, compose::Loaded loaded, Reading& reading,
                   const Session& session);

// What templates ask for, as a table, JSON or YAML.
std::string variables_text(const doc::Node& tree, std::string_view format);

// Images pinned to digests; `lock` keeps nothing but the images.
void pin_images(model::Project& project, const Session& session);
void pin_images(doc::Node& tree, const Session& session);
void keep_only_images(model::Project& project, const Session& session);
void keep_only_images(doc::Node& tree, const Session& session);

// `--explain services.web.environment.DB`: the value, where it is written, what it overrode, which variables went in.
std::string explain(std::string_view path, const compose::Loaded& loaded, const doc::Sources& sources, bool as_json);

}  // namespace tutti::cli
