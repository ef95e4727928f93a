#include "compose/env_resolution.h"

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "compose/dotenv.h"
#include "compose/reading.h"

namespace tutti::compose {

using base::cat;
using base::Files;

namespace {

// Files that many services share are read once.
class Resolution {
  public:
    Resolution(const Reading& reading, const doc::Node& tree) : reading_(reading), services_(tree.find("services")) {
        if (!services_ || !services_->is_map()) return;
        for (const auto& entry : services_->entries()) by_name_.emplace(entry.key, &entry.value);
    }

    void resolve_environment(model::Service& service, const Environment& environment);
    void resolve_labels(model::Service& service);

  private:
    const std::optional<SourceText>& text_of(const std::string& path, const doc::Node& at) {
        const auto found = texts_.find(path);
        if (found != texts_.end()) return found->second;
        return texts_.emplace(path, read_text(reading_, path, path, at.mark())).first->second;
    }

    bool is_there(const std::string& path) const { return reading_.files.kind(path) != Files::Kind::absent; }

    doc::Diagnostic& error(const doc::Node& at, std::string message) {
        return reading_.diagnostics.error(at, std::move(message));
    }

    // Where the service names the file; a null node if that is unknown.
    const doc::Node& place_of(const model::Service& service, std::string_view key, std::string_view path) const {
        static const doc::Node nowhere;
        const auto found = by_name_.find(service.name);
        const doc::Node* list = found == by_name_.end() ? nullptr : found->second->find(key);
        if (!list || !list->is_list()) return nowhere;
        for (const doc::Node& item : list->items()) {
            const doc::Node* text = item.is_map() ? item.find("path") : &item;
            if (text && text->is_text() && text->as_text() == path) return *text;
        }
        return nowhere;
    }

    const Reading& reading_;
    const doc::Node* services_;
    std::unordered_map<std::string_view, const doc::Node*> by_name_;
    std::map<std::string, std::optional<SourceText>> texts_;
};

// env_file values below those of `environment`; a bare `KEY` there stays without a value even if a file has one.
void Resolution::resolve_environment(model::Service& service, const Environment& environment) {
    for (auto& [name, value] : service.environment) {
        if (value) continue;
        if (const Variable* variable = find(environment, name)) value = variable->value;
    }
    if (service.env_file.empty()) return;

    Environment merged;
    for (const auto& [name, value] : service.environment)
        if (value) merged.emplace(name, Variable{*value, Variable::Source::computed, {}});
    const Environment own = merged;
    const Lookup outer = [&](std::string_view name) -> const Variable* {
        const Variable* variable = find(environment, name);
        return variable ? variable : find(own, name);
    };
    for (const auto& file : service.env_file) {
        const doc::Node& at = place_of(service, "env_file", file.path);
        if (!is_there(file.path)) {
            if (file.required)
                error(at, cat("env file ", file.path, " not found: no such file or directory"))
                    .with_hint(cat("service `", service.name, "` wants it; `required: false` makes it optional"));
            continue;
        }
        const auto& source = text_of(file.path, at);
        if (!source) continue;
        if (file.format.empty() || file.format == ".env") {
            read_dotenv(source->text, source->file, outer, merged, reading_.diagnostics);
        } else if (file.format == "raw") {
            read_raw_env(source->text, source->file, outer, merged, reading_.diagnostics);
        } else {
            error(at, cat("unsupported env_file format \"", file.format, '"'))
                .with_hint("there are `raw` and `.env`, the usual one");
        }
    }
    for (auto& [name, variable] : merged) service.environment.emplace(name, variable.value);
    service.env_file.clear();
}

void Resolution::resolve_labels(model::Service& service) {
    Environment labels;  // all files, a later one wins
    for (const auto& path : service.label_file) {
        const doc::Node& at = place_of(service, "label_file", path);
        if (!is_there(path)) {
            error(at, cat("label file ", path, " not found: no such file or directory"))
                .with_hint(cat("service `", service.name, "` wants it"));
            continue;
        }
        const auto& source = text_of(path, at);
        if (!source) continue;
        Environment read;
        read_dotenv(source->text, source->file, lookup_in(labels), read, reading_.diagnostics);
        for (auto& [name, variable] : read) labels.insert_or_assign(name, std::move(variable));
    }
    for (auto& [name, variable] : labels) service.labels.emplace(name, variable.value);
}

}  // namespace

void resolve_env_files(model::Project& project, const doc::Node& tree, const Environment& environment,
                       const base::Files& files, doc::Sources& sources, doc::Diagnostics& diagnostics) {
    const Reading reading{files, sources, diagnostics};
    Resolution resolution(reading, tree);
    for (auto& [name, service] : project.services) resolution.resolve_environment(service, environment);
}

void resolve_label_files(model::Project& project, const doc::Node& tree, const base::Files& files,
                         doc::Sources& sources, doc::Diagnostics& diagnostics) {
    const Reading reading{files, sources, diagnostics};
    Resolution resolution(reading, tree);
    for (auto& [name, service] : project.services) resolution.resolve_labels(service);
}

}  // namespace tutti::compose
