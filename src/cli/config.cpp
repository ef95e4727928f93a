#include "cli/config.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/advise.h"
#include "cli/commands.h"
#include "compose/check.h"
#include "compose/env_resolution.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "model/write.h"

namespace tutti::cli {

namespace {

constexpr Flag flags[] = {
    {.name = "environment", .help = "Print environment used for interpolation."},
    {.name = "explain",
     .kind = FlagKind::text,
     .help = "Say where a value comes from, as in --explain services.web.image"},
    {.name = "format", .kind = FlagKind::text, .help = "Format the output. Values: [yaml | json]"},
    {.name = "hash", .kind = FlagKind::text, .help = "Print the service config hash, one per line."},
    {.name = "images", .help = "Print the image names, one per line."},
    {.name = "lock-image-digests", .help = "Produces an override file with image digests"},
    {.name = "models", .help = "Print the model names, one per line."},
    {.name = "networks", .help = "Print the network names, one per line."},
    {.name = "no-consistency", .help = "Don't check model consistency - warning: may produce invalid Compose output"},
    {.name = "no-env-resolution", .help = "Don't resolve service env files"},
    {.name = "no-interpolate", .help = "Don't interpolate environment variables"},
    {.name = "no-normalize", .help = "Don't normalize compose model"},
    {.name = "no-path-resolution", .help = "Don't resolve file paths"},
    {.name = "output", .letter = 'o', .kind = FlagKind::text, .help = "Save to file (default to stdout)"},
    {.name = "profiles", .help = "Print the profile names, one per line."},
    {.name = "quiet", .letter = 'q', .help = "Only validate the configuration, don't print anything"},
    {.name = "resolve-image-digests", .help = "Pin image tags to digests"},
    {.name = "services", .help = "Print the service names, one per line."},
    {.name = "variables", .help = "Print model variables and default values."},
    {.name = "volumes", .help = "Print the volume names, one per line."},
};

compose::LoadOptions options_of(const Arguments& arguments, const Session& session) {
    compose::LoadOptions options = load_options(arguments, session);
    options.interpolate = !arguments.on("no-interpolate");
    options.normalize = options.normalize && !arguments.on("no-normalize");
    options.resolve_paths = !arguments.on("no-path-resolution");
    options.check_consistency = !arguments.on("no-consistency");
    options.resolve_environment = !arguments.on("no-env-resolution");
    return options;
}

std::string yaml_or_json(const doc::Node& node, std::string_view format, bool sort) {
    if (format == "json") return doc::write_json(node, {.pretty = true, .sort_keys = sort});
    if (format == "yaml") return doc::write_yaml(node, {.sort_keys = sort});
    throw base::Error(base::ErrorKind::invalid, base::cat("unsupported format \"", format, "\""), "yaml or json");
}

// The listing that the flags ask for; the first of Compose's order counts.
struct Wish {
    std::string_view flag;
    Listing listing;
    bool selects;  // the services on the command line count
};
constexpr Wish wishes_before_hash[] = {
    {"services", Listing::services, false},
    {"volumes", Listing::volumes, false},
    {"networks", Listing::networks, false},
    {"models", Listing::models, false},
};
constexpr Wish wishes_after_hash[] = {
    {"profiles", Listing::profiles, true},
    {"images", Listing::images, true},
};

class Config {
  public:
    Config(const Arguments& arguments, Session& session)
        : arguments_(arguments), session_(session), options_(options_of(arguments, session)) {}

    int run() {
        for (const Wish& wish : wishes_before_hash)
            if (arguments_.on(wish.flag)) return print_list(wish);
        if (!arguments_.text("hash").empty()) return print_hashes();
        for (const Wish& wish : wishes_after_hash)
            if (arguments_.on(wish.flag)) return print_list(wish);
        if (arguments_.on("variables")) return print_variables();
        if (arguments_.on("environment")) return print_list({"environment", Listing::environment, true});
        if (!arguments_.text("explain").empty()) return print_explanation();
        return print_model();
    }

  private:
    compose::Loaded load() {
        return compose::load(options_, session_.files, session_.fetch, reading_.sources, reading_.diagnostics);
    }

    // Reports what was wrong; prints if nothing was.
    template <class Text>
    int finish(Text text) {
        if (reading_.diagnostics.failed()) {
            report(reading_, arguments_, session_);
            return 1;
        }
        const std::string out = text();
        if (!report(reading_, arguments_, session_)) return 1;
        session_.out(out);
        return 0;
    }

    int print_list(const Wish& wish) {
        if (wish.selects)
            options_.services = arguments_.rest();
        else
            options_.resolve_environment = false;
        // Only the names of services can be told without interpolation.
        options_.interpolate = options_.interpolate || wish.listing != Listing::services;
        const compose::Loaded loaded = load();
        const bool silent = wish.listing == Listing::environment && arguments_.on("quiet");
        return finish([&] { return silent ? std::string() : list(wish.listing, loaded, separator(loaded)); });
    }

    std::string_view separator(const compose::Loaded& loaded) const {
        const auto* variable = compose::find(loaded.environment, "COMPOSE_COMPATIBILITY");
        const std::string value = variable ? base::to_lower(base::trim(variable->value)) : "";
        const bool on = value == "1" || value == "t" || value == "true" || value == "y" || value == "yes";
        return arguments_.on("compatibility") || on ? "_" : "-";
    }

    int print_hashes() {
        options_.resolve_environment = false;
        options_.interpolate = true;
        compose::Loaded loaded = load();
        if (reading_.diagnostics.failed()) return finish([] { return std::string(); });
        std::string out =
            hashes(arguments_.text("hash"), !arguments_.on("no-env-resolution"), std::move(loaded), reading_, session_);
        return finish([&] { return std::move(out); });
    }

    void warn_filter(std::string_view flag, std::string_view what) {
        if (arguments_.rest().empty()) return;
        reading_.diagnostics.warning(doc::Mark(),
                                     base::cat("service filtering is not applied when --", flag, " is set, ", what));
    }

    int print_variables() {
        warn_filter("variables", "variables from the full model will be rendered");
        options_.interpolate = false;
        options_.resolve_environment = false;
        options_.check_schema = false;
        const compose::Loaded loaded = load();
        const std::string format = arguments_.text("format");
        const bool silent = arguments_.on("quiet") && format == "yaml";
        return finish([&] { return silent ? std::string() : variables_text(loaded.tree, format); });
    }

    int print_explanation() {
        options_.services = {};
        options_.interpolate = true;
        options_.resolve_environment = false;
        compose::Loaded loaded = load();
        if (!reading_.diagnostics.failed()) read_files_of_explained(loaded);
        if (arguments_.text("format") != "json") shorten_names(reading_.sources, session_);
        return finish([&] {
            return explain(arguments_.text("explain"), loaded, reading_.sources, arguments_.text("format") == "json");
        });
    }

    // env_file and label_file count only where the path asks for what they may say.
    void read_files_of_explained(compose::Loaded& loaded) {
        const std::string path = arguments_.text("explain");
        for (const auto* services : {&loaded.project.services, &loaded.project.disabled_services})
            for (const auto& [name, service] : *services) {
                const std::string place = base::cat("services.", name, ".");
                if (!path.starts_with(place + "environment") && !path.starts_with(place + "labels")) continue;
                compose::lay_files_under(*loaded.tree.find("services")->find(name), service, loaded.environment,
                                         session_.files, reading_.sources, reading_.diagnostics);
            }
    }

    int print_model() {
        if (options_.interpolate)
            options_.services = arguments_.rest();
        else
            warn_filter("no-interpolate", "the full model will be rendered");
        compose::Loaded loaded = load();
        if (options_.interpolate && options_.check_consistency && !reading_.diagnostics.failed())
            compose::check_container_names(loaded.project, loaded.tree, reading_.diagnostics);
        if (options_.interpolate && !reading_.diagnostics.failed())
            advise(loaded, arguments_, session_, true, reading_);
        const int status = finish([&] {
            std::string content = options_.interpolate ? project_text(loaded.project) : tree_text(loaded.tree);
            if (arguments_.on("quiet")) return std::string();
            const std::string file = arguments_.text("output");
            if (file.empty() || content.empty()) return content;
            session_.write_file(file, content);
            return std::string();
        });
        if (session_.leave) session_.leave(status);
        return status;
    }

    std::string format() const {
        const std::string format = arguments_.text("format");
        return format.empty() ? "yaml" : format;
    }

    // Dollars are doubled, so that the output is a Compose file again.
    std::string project_text(model::Project& project) {
        const bool lock = arguments_.on("lock-image-digests");
        if (lock || arguments_.on("resolve-image-digests")) pin_images(project, session_);
        if (lock) keep_only_images(project, session_);
        const auto shape = format() == "json" ? model::Format::json : model::Format::yaml;
        if (arguments_.on("quiet") && format() == "yaml") return {};
        const std::string text = yaml_or_json(model::to_node(project, shape), format(), false);
        return text.find('$') == std::string::npos ? text : base::replace_all(text, "$", "$$");
    }

    std::string tree_text(doc::Node& tree) {
        const bool lock = arguments_.on("lock-image-digests");
        if (lock || arguments_.on("resolve-image-digests")) pin_images(tree, session_);
        if (lock) keep_only_images(tree, session_);
        return yaml_or_json(tree, format(), true);
    }

    const Arguments& arguments_;
    Session& session_;
    compose::LoadOptions options_;
    Reading reading_;
};

int config(const Arguments& arguments, Session& session) { return Config(arguments, session).run(); }

}  // namespace

constinit const Command config_command{
    .name = "config",
    .usage = "config [OPTIONS] [SERVICE...]",
    .help = "Parse, resolve and render compose file in canonical format",
    .flags = flags,
    .run = config,
};

}  // namespace tutti::cli
