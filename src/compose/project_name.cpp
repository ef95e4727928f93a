#include "compose/project_name.h"

#include <algorithm>

#include "base/path.h"
#include "base/text.h"
#include "compose/interpolate.h"
#include "compose/paths.h"
#include "doc/go_text.h"

namespace tutti::compose {

using base::cat;
using doc::Node;

namespace {

bool check_name(const std::string& name, doc::Mark mark, std::string_view from, doc::Diagnostics& diagnostics) {
    const std::string repaired = repair_project_name(name);
    if (repaired == name) return true;
    auto& error =
        diagnostics.error(mark, cat("invalid project name \"", name,
                                    "\": must consist only of lowercase alphanumeric characters, hyphens, and "
                                    "underscores as well as start with a letter or number"));
    if (!repaired.empty()) error.with_hint(cat("`", repaired, "` would do (", from, ")"));
    return false;
}

// The text of a name. The name is looked up before tags act, so `!reset null` is the name "null".
std::string name_text(const Node& name) {
    if (name.is_null()) return name.tag() == doc::Tag::reset ? "null" : "";
    return name.is_scalar() ? doc::go_text(name) : "";
}

// What a document calls the project; null when it does not.
const Node* name_in(const Node& document) {
    const Node* name = document.find("name");
    return name && !name_text(*name).empty() ? name : nullptr;
}

// Elsewhere the same files are another project.
void warn_link(const std::string& folder, std::string_view name, const base::Files& there,
               doc::Diagnostics& diagnostics) {
    const auto real = real_path(folder, there);
    if (!real || base::path::last(*real) == base::path::last(folder)) return;
    diagnostics
        .warning(doc::Mark{},
                 cat("project has been loaded without an explicit name from a symlink. Using name \"", name, "\""))
        .with_hint(cat(folder, " is ", *real, "; `name:` in the file makes the name independent of the folder"));
}

}  // namespace

std::string repair_project_name(std::string_view text) {
    std::string name;
    for (const char c : base::to_lower(text))
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-') name += c;
    return name.substr(std::min(name.find_first_not_of("_-"), name.size()));
}

std::optional<std::string> project_name(const LoadOptions& options, std::span<const ComposeFile> files,
                                        const std::string& folder, const Environment& environment,
                                        const base::Files& there, doc::Diagnostics& diagnostics) {
    if (!options.project_name.empty()) {
        if (!check_name(options.project_name, {}, "-p", diagnostics)) return std::nullopt;
        return options.project_name;
    }
    if (const Variable* variable = find(environment, "COMPOSE_PROJECT_NAME"); variable && !variable->value.empty()) {
        if (!check_name(variable->value, variable->mark, "COMPOSE_PROJECT_NAME", diagnostics)) return std::nullopt;
        return variable->value;
    }

    const Node* written = nullptr;
    bool named = false;  // in the first document of a file: then the folder's name is no way out
    for (const auto& file : files) {
        for (const auto& document : file.documents) {
            const Node* name = name_in(document);
            if (!name) continue;
            written = name;
            named = named || &document == file.documents.data();
        }
    }
    std::string name = named ? "" : repair_project_name(base::path::last(folder));
    if (!named) warn_link(folder, name, there, diagnostics);
    if (written) {
        std::string text = name_text(*written);
        if (options.interpolate) {
            auto replaced = substitute(text, lookup_in(environment), written->mark(), "name", diagnostics);
            if (!replaced) return std::nullopt;
            text = std::move(*replaced);
        }
        if (options.normalize) text = repair_project_name(text);
        if (!text.empty()) name = std::move(text);
    }
    if (name.empty() && options.check_schema) {
        auto& error = diagnostics.error(written ? written->mark() : doc::Mark{}, "project name must not be empty");
        error.with_hint("nothing usable is in the name of the folder either: give one with -p or `name:`");
        return std::nullopt;
    }
    return name;
}

}  // namespace tutti::compose
