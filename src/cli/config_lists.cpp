#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/config.h"
#include "compose/env_resolution.h"
#include "compose/interpolate.h"
#include "compose/selection.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "model/hash.h"

namespace tutti::cli {

namespace {

template <class Map>
std::string keys(const Map& map) {
    std::string out;
    for (const auto& [name, value] : map) out += base::cat(name, "\n");
    return out;
}

std::string service_names(const compose::Loaded& loaded) {
    if (!loaded.project.services.empty()) return keys(loaded.project.services);
    const doc::Node* services = loaded.tree.find("services");
    std::set<std::string> names;
    if (services && services->is_map() && loaded.project.name.empty())
        for (const doc::Entry& entry : services->entries()) names.insert(entry.key);
    std::string out;
    for (const std::string& name : names) out += base::cat(name, "\n");
    return out;
}

std::string profile_names(const model::Project& project) {
    std::set<std::string> names;
    for (const auto* services : {&project.services, &project.disabled_services})
        for (const auto& [name, service] : *services) names.insert(service.profiles.begin(), service.profiles.end());
    std::string out;
    for (const std::string& name : names) out += base::cat(name, "\n");
    return out;
}

std::string image_names(const model::Project& project, std::string_view separator) {
    std::string out;
    for (const auto& [name, service] : project.services) {
        const std::string image =
            service.image.empty() ? base::cat(project.name, separator, name) : std::string(service.image);
        out += base::cat(image, "\n");
        for (const auto& hook : service.pre_start)
            if (!hook.image.empty() && hook.image != image) out += base::cat(hook.image, "\n");
    }
    return out;
}

std::string model_names(const model::Project& project) {
    std::string out;
    for (const auto& [name, model] : project.models)
        if (!model.model.empty()) out += base::cat(model.model, "\n");
    return out;
}

// The platform that DOCKER_DEFAULT_PLATFORM gives to services that are built.
void apply_default_platform(model::Project& project, doc::Diagnostics& diagnostics) {
    const auto variable = project.environment.find("DOCKER_DEFAULT_PLATFORM");
    const std::string wanted = variable == project.environment.end() ? "" : variable->second;
    for (auto& [name, service] : project.services) {
        if (!service.build) continue;
        const auto& platforms = service.build->platforms;
        const auto supported = [&](const std::string& platform) {
            return platforms.empty() || std::ranges::find(platforms, platform) != platforms.end();
        };
        if (!wanted.empty() && service.platform.empty()) {
            if (!supported(wanted))
                diagnostics.error(doc::Mark(), base::cat("service \"", name,
                                                         "\" build.platforms does not support value set by "
                                                         "DOCKER_DEFAULT_PLATFORM: ",
                                                         wanted));
            service.platform = wanted;
        }
        if (!service.platform.empty() && !supported(service.platform))
            diagnostics.error(
                doc::Mark(),
                base::cat("service \"", name, "\" build configuration does not support platform: ", service.platform));
    }
}

// Cells are at least 20 wide, with three blanks between them; the last one of a row is not padded.
std::string table(const std::vector<std::vector<std::string>>& rows) {
    constexpr std::size_t least = 20, gap = 3;
    const auto characters = [](std::string_view text) {
        return static_cast<std::size_t>(
            std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    };
    std::vector<std::size_t> widths(rows.front().size(), least);
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]) + gap);
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            out += row[i] + std::string(widths[i] - characters(row[i]), ' ');
        out += row.back() + "\n";
    }
    return out;
}

}  // namespace

std::string list(Listing what, const compose::Loaded& loaded, std::string_view separator) {
    const model::Project& project = loaded.project;
    switch (what) {
        case Listing::services: return service_names(loaded);
        case Listing::volumes: return keys(project.volumes);
        case Listing::networks: return keys(project.networks);
        case Listing::models: return model_names(project);
        case Listing::profiles: return profile_names(project);
        case Listing::images: return image_names(project, separator);
        case Listing::environment: break;
    }
    std::string out;
    for (const auto& [name, value] : project.environment) out += base::cat(name, "=", value, "\n");
    return out;
}

std::string hashes(std::string_view names, bool resolve_environment, compose::Loaded loaded, Reading& reading,
                   const Session& session) {
    model::Project& project = loaded.project;
    std::vector<std::string> chosen;
    if (names != "*")
        for (const std::string_view name : base::split(names, ',')) chosen.emplace_back(name);
    compose::select_services(project, chosen, compose::Dependencies::ignore, reading.diagnostics);
    apply_default_platform(project, reading.diagnostics);
    if (resolve_environment && !reading.diagnostics.failed())
        compose::resolve_env_files(project, loaded.tree, loaded.environment, session.files, reading.sources,
                                   reading.diagnostics);
    if (reading.diagnostics.failed()) return {};
    std::string out;
    for (const auto& [name, service] : project.services) out += base::cat(name, " ", model::config_hash(service), "\n");
    return out;
}

std::string variables_text(const doc::Node& tree, std::string_view format) {
    const auto variables = compose::extract_variables(tree);
    const std::string kind = base::to_lower(format);
    if (kind == "json" || format == "yaml") {
        const bool json = kind == "json";
        doc::Node out = doc::Node::map();
        for (const auto& [name, variable] : variables) {
            doc::Node one = doc::Node::map();
            one.set(json ? "Name" : "name", doc::Node(name));
            one.set(json ? "DefaultValue" : "defaultvalue", doc::Node(variable.default_value));
            one.set(json ? "PresenceValue" : "presencevalue", doc::Node(variable.presence_value));
            one.set(json ? "Required" : "required", doc::Node(variable.required));
            out.set(name, std::move(one));
        }
        if (json) return doc::write_json(out, {.pretty = true, .indent = 4, .escape_html = false}) + "\n\n";
        doc::sort_naturally(out);
        return doc::write_yaml(out, {.indent = 4});
    }
    if (!kind.empty() && kind != "table" && kind != "pretty")
        throw base::Error(base::ErrorKind::invalid,
                          base::cat("format value \"", format, "\" could not be parsed: parsing failed"),
                          "table, json or yaml");
    std::vector<std::vector<std::string>> rows{{"NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"}};
    for (const auto& [name, variable] : variables)
        rows.push_back({name, variable.required ? "true" : "false", variable.default_value, variable.presence_value});
    return table(rows);
}

}  // namespace tutti::cli
