#include "cli/target.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/advise.h"
#include "compose/check.h"

namespace tutti::cli {

using base::cat;

bool is_true(std::string_view text) {
    const std::string lower = base::to_lower(base::trim(text));
    return lower == "1" || lower == "t" || lower == "true" || lower == "y" || lower == "yes";
}

static bool loads(compose::LoadOptions options, const Session& session) {
    options.resolve_environment = false;
    Reading reading;
    compose::load(options, session.files, session.fetch, reading.sources, reading.diagnostics);
    return !reading.diagnostics.failed();
}

std::optional<Subject> project_or_name(const Arguments& arguments, Session& session,
                                       const std::vector<std::string>& services) {
    const compose::LoadOptions given = load_options(arguments, session);
    if (given.files.empty() && !given.project_name.empty())
        return Subject{base::to_lower(given.project_name), std::nullopt};
    compose::LoadOptions options = given;
    options.services = services;
    options.resolve_environment = false;
    const std::string named = session.variable("COMPOSE_PROJECT_NAME");
    Reading reading;
    std::optional<compose::Loaded> loaded;
    try {
        loaded = compose::load(options, session.files, session.fetch, reading.sources, reading.diagnostics);
    } catch (const base::Error&) {
        if (named.empty()) throw;
        return Subject{named, std::nullopt};
    }
    // A name from the environment stands in for files that cannot be read, not for a service that they do not have.
    if (reading.diagnostics.failed() && !named.empty() && (services.empty() || !loads(given, session)))
        return Subject{named, std::nullopt};
    if (!report(reading, arguments, session)) return std::nullopt;
    return Subject{loaded->project.name, std::move(loaded->project)};
}

std::optional<std::string> project_name(const Arguments& arguments, Session& session) {
    if (const std::string name = arguments.text("project-name"); !name.empty()) return base::to_lower(name);
    if (const std::string name = session.variable("COMPOSE_PROJECT_NAME"); !name.empty()) return name;
    auto subject = project_or_name(arguments, session, {});
    if (!subject) return std::nullopt;
    return std::move(subject->name);
}

std::optional<model::Project> whole_project(const Arguments& arguments, Session& session,
                                            const std::vector<std::string>& services) {
    compose::LoadOptions options = load_options(arguments, session);
    options.services = services;
    options.only_selected_env_files = true;
    Reading reading;
    auto loaded = compose::load(options, session.files, session.fetch, reading.sources, reading.diagnostics);
    if (!reading.diagnostics.failed()) compose::check_container_names(loaded.project, loaded.tree, reading.diagnostics);
    if (!reading.diagnostics.failed()) advise(loaded, arguments, session, false, reading);
    if (!report(reading, arguments, session)) return std::nullopt;
    return std::move(loaded.project);
}

verbs::Limits limits(const Arguments& arguments, const Session& session) {
    return {session.parallel > 0 ? static_cast<std::size_t>(session.parallel) : 0, arguments.on("dry-run"),
            session.lock_folder};
}

plan::Timeout timeout(const Arguments& arguments) {
    if (!arguments.given("timeout")) return std::nullopt;
    return std::chrono::seconds(arguments.number("timeout"));
}

verbs::Ask ask(Session& session, bool yes) {
    if (yes) return [](const std::string&, bool) { return true; };
    return [&session](const std::string& question, bool fallback) {
        session.out(cat(session.in_is_terminal ? "? " : "", question,
                        session.in_is_terminal ? (fallback ? " (Y/n) " : " (y/N) ") : ""));
        const std::string answer = session.read_line ? session.read_line() : std::string();
        return base::trim(answer).empty() ? fallback && session.in_is_terminal : is_true(answer);
    };
}

verbs::CreateOptions create_options(const Arguments& arguments, Session& session, base::Reporter& reporter) {
    verbs::CreateOptions options;
    const verbs::Limits given = limits(arguments, session);
    options.parallel = given.parallel;
    options.dry_run = given.dry_run;
    options.lock_folder = given.lock_folder;
    options.host_sockets = !session.engine_is_here || session.engine_is_here();
    plan::spec::Options& spec = options.reconcile.spec;
    const bool compatible = arguments.on("compatibility") || is_true(session.variable("COMPOSE_COMPATIBILITY"));
    spec.separator = compatible ? '_' : '-';
    spec.env_files = arguments.texts("env-file");
    spec.default_platform = session.variable("DOCKER_DEFAULT_PLATFORM");
    spec.home = session.variable("HOME");
    spec.files = &session.files;
    spec.reporter = &reporter;
    if (session.kept_files) spec.kept = &session.kept_files();
    options.build =
        build_options(session, find_flag(arguments.command(), "quiet-build") && arguments.on("quiet-build"));
    return options;
}

}  // namespace tutti::cli
