#include "compose/discovery.h"

#include <array>
#include <span>

#include "base/path.h"
#include "base/text.h"
#include "compose/paths.h"
#include "compose/remote.h"

namespace tutti::compose {

using base::cat;
using base::Files;

namespace {

constexpr std::array<std::string_view, 4> file_names{"compose.yaml", "compose.yml", "docker-compose.yml",
                                                     "docker-compose.yaml"};
constexpr std::array<std::string_view, 4> override_names{"compose.override.yml", "compose.override.yaml",
                                                         "docker-compose.override.yml", "docker-compose.override.yaml"};

std::string value_of(const Environment& environment, std::string_view name) {
    const Variable* variable = find(environment, name);
    return variable ? variable->value : std::string();
}

Environment process_environment(const LoadOptions& options) {
    Environment environment;
    for (const auto& [name, value] : options.environment)
        environment.emplace(name, Variable{value, Variable::Source::shell, {}});
    environment.emplace("PWD", Variable{options.cwd, Variable::Source::computed, {}});
    return environment;
}

// The first of the names that exists; a warning if there are more.
std::optional<std::string> find_one(std::span<const std::string_view> names, const std::string& folder,
                                    std::string_view what, const Reading& reading) {
    std::vector<std::string> found;
    for (const auto name : names) {
        std::string path = base::path::join(folder, name);
        if (reading.files.kind(path) != Files::Kind::absent) found.push_back(std::move(path));
    }
    if (found.empty()) return std::nullopt;
    if (found.size() > 1) {
        reading.diagnostics
            .warning(doc::Mark{},
                     cat("Found multiple ", what, " files with supported names: ", base::join(found, ", ")))
            .with_hint(cat("Using ", found[0]));
    }
    return found[0];
}

std::optional<bool> parse_bool(std::string_view text) {
    for (const auto yes : {"1", "t", "T", "true", "TRUE", "True"})
        if (text == yes) return true;
    for (const auto no : {"0", "f", "F", "false", "FALSE", "False"})
        if (text == no) return false;
    return std::nullopt;
}

std::vector<std::string> split_text(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts;
    for (std::size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator)) {
        parts.emplace_back(text.substr(0, at));
        text.remove_prefix(at + separator.size());
    }
    parts.emplace_back(text);
    return parts;
}

class Discovery {
  public:
    Discovery(const LoadOptions& options, const Reading& reading)
        : options_(options), reading_(reading), environment_(process_environment(options)), files_(options.files) {}

    // Only COMPOSE_* of the env files, as if they were exported. Warnings are left to the reading that counts.
    bool export_compose_variables() {
        for (const auto& file : files_)
            if (is_remote(file)) return true;
        doc::Diagnostics trial;
        const Reading quiet{reading_.files, reading_.sources, trial};
        const auto read = choose_env_files() ? read_env_files(quiet, env_files_, environment_) : std::nullopt;
        if (!read) {
            reading_.diagnostics.append(std::move(trial));
            return false;
        }
        for (const auto& [name, variable] : *read)
            if (name.starts_with("COMPOSE_")) environment_.emplace(name, variable);
        exported_ = environment_;
        env_files_.clear();
        return true;
    }

    std::optional<Setting> run() {
        if (!check_folder() || !export_compose_variables()) return std::nullopt;
        if (!read_environment() || !take_compose_file()) return std::nullopt;
        if (files_.empty()) files_ = find_compose_files(folder(), reading_);
        if (!read_environment()) return std::nullopt;
        if (files_.empty()) {
            reading_.diagnostics.error(doc::Mark{}, "no configuration file provided: not found")
                .with_hint(cat("there is no compose.yaml in ", folder(), " or above it; name one with -f"));
            return std::nullopt;
        }
        const std::string top = folder();
        for (auto& file : files_)
            if (file != "-" && !is_remote(file)) file = base::path::absolute(file, options_.cwd);
        auto active = profiles();
        return Setting{std::move(environment_), std::move(files_), top, std::move(active)};
    }

    const Environment& environment() const { return environment_; }

  private:
    std::string folder() const {
        if (!options_.project_directory.empty()) return base::path::absolute(options_.project_directory, options_.cwd);
        for (const auto& file : files_) {
            if (file == "-") continue;
            if (is_remote(file)) break;
            return base::path::folder(base::path::absolute(file, options_.cwd));
        }
        return options_.cwd;
    }

    bool check_folder() {
        if (options_.project_directory.empty() || reading_.files.kind(folder()) != Files::Kind::file) return true;
        reading_.diagnostics.error(doc::Mark{}, cat("--project-directory ", folder(), " is a file, not a folder"));
        return false;
    }

    bool choose_env_files() {
        std::vector<std::string> named = options_.env_files;
        if (named.empty()) {
            const auto variable = options_.environment.find("COMPOSE_ENV_FILES");
            if (variable != options_.environment.end())
                for (const auto part : base::split(variable->second, ','))
                    if (!part.empty()) named.emplace_back(part);
        }
        if (!named.empty()) {
            env_files_.clear();
            const std::string home = value_of(environment_, "HOME");
            for (const auto& path : named)
                env_files_.push_back(base::path::absolute(expand_home(path, home), options_.cwd));
            return true;
        }
        if (const Variable* disable = find(exported_.empty() ? environment_ : exported_, "COMPOSE_DISABLE_ENV_FILE")) {
            const auto disabled = parse_bool(disable->value);
            if (!disabled) {
                reading_.diagnostics
                    .error(disable->mark,
                           cat("COMPOSE_DISABLE_ENV_FILE is \"", disable->value, "\", which is neither true nor false"))
                    .with_hint("write true or false");
                return false;
            }
            if (*disabled) return true;
        }
        const std::string path = base::path::join(folder(), ".env");
        const auto kind = reading_.files.kind(path);
        if (kind != Files::Kind::absent && kind != Files::Kind::directory) env_files_ = {path};
        return true;
    }

    // Once before the Compose files are known and once after: their folder may hold another `.env`.
    bool read_environment() {
        const auto before = env_files_;
        if (!choose_env_files()) return false;
        if (read_once_ && env_files_ == before) return true;
        read_once_ = true;
        const auto read = read_env_files(reading_, env_files_, environment_);
        if (!read) return false;
        add_missing(environment_, *read);
        return true;
    }

    bool take_compose_file() {
        if (!files_.empty()) return true;
        const Variable* list = find(environment_, "COMPOSE_FILE");
        if (!list) return true;
        const std::string own = value_of(environment_, "COMPOSE_PATH_SEPARATOR");
        const std::string_view separator = own.empty() ? std::string_view(":") : own;
        bool all_there = true;
        for (const auto& name : split_text(list->value, separator)) {
            if (name == "-") {
                files_.push_back(name);
                continue;
            }
            files_.push_back(base::path::absolute(name, options_.cwd));
            if (reading_.files.kind(files_.back()) != Files::Kind::absent) continue;
            reading_.diagnostics
                .error(list->mark, cat("COMPOSE_FILE names ", files_.back(), ": no such file or directory"))
                .with_hint(cat("its value is \"", list->value, "\", split at \"", separator, "\""));
            all_there = false;
        }
        return all_there;
    }

    std::vector<std::string> profiles() const {
        if (!options_.profiles.empty()) return options_.profiles;
        std::vector<std::string> names;
        const std::string list = value_of(environment_, "COMPOSE_PROFILES");
        for (const auto part : base::split(list, ',')) names.emplace_back(base::trim(part));
        return names;
    }

    const LoadOptions& options_;
    const Reading& reading_;
    Environment environment_;
    Environment exported_;  // as it would be if COMPOSE_* of `.env` were exported
    std::vector<std::string> files_;
    std::vector<std::string> env_files_;
    bool read_once_ = false;
};

}  // namespace

std::vector<std::string> find_compose_files(const std::string& folder, const Reading& reading) {
    for (std::string at = folder;; at = base::path::folder(at)) {
        if (auto file = find_one(file_names, at, "config", reading)) {
            std::vector<std::string> files{std::move(*file)};
            if (auto more = find_one(override_names, at, "override", reading)) files.push_back(std::move(*more));
            return files;
        }
        if (at == "/" || at == "." || at.empty()) return {};
    }
}

std::optional<Setting> discover(const LoadOptions& options, const Reading& reading) {
    return Discovery(options, reading).run();
}

std::map<std::string, std::string> with_compose_variables(const LoadOptions& options, const base::Files& files,
                                                          doc::Sources& sources, doc::Diagnostics& diagnostics) {
    auto variables = options.environment;
    const Reading reading{files, sources, diagnostics};
    Discovery discovery(options, reading);
    if (!discovery.export_compose_variables()) return variables;
    for (const auto& [name, variable] : discovery.environment())
        if (name.starts_with("COMPOSE_") && name != "COMPOSE_ENV_FILES") variables.emplace(name, variable.value);
    return variables;
}

}  // namespace tutti::compose
