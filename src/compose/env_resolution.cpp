#include "compose/env_resolution.h"

#include <map>
#include <optional>

#include "base/text.h"
#include "compose/dotenv.h"
#include "compose/reading.h"

namespace tutti::compose {

using base::cat;
using base::Files;

namespace {

// Files that many services share are read once.
class TextCache {
  public:
    explicit TextCache(const Reading& reading) : reading_(reading) {}

    const std::optional<SourceText>& get(const std::string& path) {
        const auto found = texts_.find(path);
        if (found != texts_.end()) return found->second;
        return texts_.emplace(path, read_text(reading_, path, path, {})).first->second;
    }

  private:
    const Reading& reading_;
    std::map<std::string, std::optional<SourceText>> texts_;
};

bool is_there(const Reading& reading, const std::string& path) {
    return reading.files.kind(path) != Files::Kind::absent;
}

// env_file values below those of `environment`; a bare `KEY` there stays without a value even if a file has one.
void resolve_service(model::Service& service, const Environment& environment, const Reading& reading,
                     TextCache& cache) {
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
        if (!is_there(reading, file.path)) {
            if (file.required)
                reading.diagnostics
                    .error(doc::Mark{}, cat("env file ", file.path, " not found: no such file or directory"))
                    .with_hint(cat("service `", service.name, "` wants it; `required: false` makes it optional"));
            continue;
        }
        const auto& source = cache.get(file.path);
        if (!source) continue;
        if (file.format.empty() || file.format == ".env") {
            read_dotenv(source->text, source->file, outer, merged, reading.diagnostics);
        } else if (file.format == "raw") {
            read_raw_env(source->text, source->file, outer, merged, reading.diagnostics);
        } else {
            reading.diagnostics.error(doc::Mark{}, cat("unsupported env_file format \"", file.format, '"'))
                .with_hint(cat("of ", file.path, " in service `", service.name, "`; there are `raw` and `.env`, the usual one"));
        }
    }
    for (auto& [name, variable] : merged) service.environment.emplace(name, variable.value);
    service.env_file.clear();
}

void resolve_labels(model::Service& service, const Reading& reading, TextCache& cache) {
    if (service.label_file.empty()) return;
    Environment labels;  // all files, a later one wins
    for (const auto& path : service.label_file) {
        if (!is_there(reading, path)) {
            reading.diagnostics.error(doc::Mark{}, cat("label file ", path, " not found: no such file or directory"))
                .with_hint(cat("service `", service.name, "` wants it"));
            continue;
        }
        const auto& source = cache.get(path);
        if (!source) continue;
        Environment read;
        read_dotenv(source->text, source->file, lookup_in(labels), read, reading.diagnostics);
        for (auto& [name, variable] : read) labels.insert_or_assign(name, std::move(variable));
    }
    for (auto& [name, variable] : labels) service.labels.emplace(name, variable.value);
}

}  // namespace

void resolve_env_files(model::Project& project, const Environment& environment, const base::Files& files,
                       doc::Sources& sources, doc::Diagnostics& diagnostics) {
    const Reading reading{files, sources, diagnostics};
    TextCache cache(reading);
    for (auto& [name, service] : project.services) resolve_service(service, environment, reading, cache);
}

void resolve_label_files(model::Project& project, const base::Files& files, doc::Sources& sources, doc::Diagnostics& diagnostics) {
    const Reading reading{files, sources, diagnostics};
    TextCache cache(reading);
    for (auto& [name, service] : project.services) resolve_labels(service, reading, cache);
}

}  // namespace tutti::compose
