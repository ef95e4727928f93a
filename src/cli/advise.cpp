#include "cli/advise.h"

#include <map>

#include "advice/lint.h"
#include "base/text.h"
#include "doc/go_text.h"

namespace tutti::cli {

namespace {

using base::cat;

// The item of a list that is, or is of, the word: "KEY=value", a port's number, a mount's target.
const doc::Node* item(const doc::Node& list, std::string_view word) {
    for (const std::string_view key : {"published", "target", "source"})
        for (const doc::Node& item : list.items())
            if (const doc::Node* value = item.find(key); value && doc::go_text(*value) == word) return &item;
    for (const doc::Node& item : list.items())
        if (item.is_text() && (item.as_text() == word || item.as_text().starts_with(cat(word, "=")))) return &item;
    return nullptr;
}

// As deep as the file says anything.
const doc::Node* deepest(const doc::Node& tree, const std::vector<std::string>& place) {
    const doc::Node* at = nullptr;
    const doc::Node* next = &tree;
    for (const std::string& word : place) {
        next = next->is_map() ? next->find(word) : next->is_list() ? item(*next, word) : nullptr;
        if (!next) break;
        if (next->mark()) at = next;
    }
    return at;
}

// `.env` of the working directory is read without -f only: with it, the one beside the first file counts.
void ignored_env_file(const compose::Loaded& loaded, const Arguments& arguments, const Session& session,
                      Reading& reading) {
    if (arguments.texts("file").empty() || !arguments.texts("env-file").empty()) return;
    if (loaded.working_dir == session.folder || !session.variable("COMPOSE_ENV_FILES").empty()) return;
    if (session.files.kind(cat(session.folder, "/.env")) != base::Files::Kind::file) return;
    for (std::uint32_t file = 0; file < reading.sources.size(); ++file)
        if (reading.sources.name(file) == cat(session.folder, "/.env")) return;
    reading.diagnostics.warning(doc::Mark(), cat("./.env is ignored: the project's folder is ", loaded.working_dir))
        .with_hint("use --env-file .env or --project-directory .");
}

}  // namespace

void advise(const compose::Loaded& loaded, const Arguments& arguments, const Session& session, bool other_profiles,
            Reading& reading) {
    if (session.variable("TUTTI_ADVICE") == "off") return;
    ignored_env_file(loaded, arguments, session, reading);
    advice::LintOptions options;
    options.other_profiles = other_profiles;
    options.here = !session.engine_is_here || session.engine_is_here();
    constexpr std::size_t shown = 3;  // of one rule; a large project's every service may have the same
    std::map<std::string, std::size_t> count;
    for (const advice::Finding& finding : advice::lint(loaded.project, session.files, options)) {
        if (++count[finding.rule] > shown) continue;
        const doc::Node* at = deepest(loaded.tree, finding.place);
        reading.diagnostics.warning(at ? at->mark() : doc::Mark(), finding.what).with_hint(finding.fix);
    }
    for (const auto& [rule, times] : count)
        if (times > shown)
            reading.diagnostics.warning(doc::Mark(), cat("… and ", times - shown, " more of this kind (", rule, ")"));
}

}  // namespace tutti::cli
