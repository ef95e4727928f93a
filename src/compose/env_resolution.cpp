#include "compose/env_resolution.h"

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "compose/dotenv.h"
#include "compose/merge.h"
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
    // What the files of a service say; a later one wins. `replaced` is told of each value that did not win.
    using Replaced = std::function<void(const std::string& name, const Variable& before)>;
    Environment env_files(const model::Service& service, const Environment& environment, const Replaced& replaced = {});
    Environment label_files(const model::Service& service, const Replaced& replaced = {});

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

void lay_over(Environment& below, Environment&& above, const Resolution::Replaced& replaced) {
    for (auto& [name, variable] : above) {
        const auto found = below.find(name);
        if (found != below.end() && replaced && found->second.mark != variable.mark) replaced(name, found->second);
        below.insert_or_assign(name, std::move(variable));
    }
}

Environment Resolution::env_files(const model::Service& service, const Environment& environment,
                                  const Replaced& replaced) {
    Environment own;
    for (const auto& [name, value] : service.environment)
        if (value) own.emplace(name, Variable{*value, Variable::Source::computed, {}});
    Environment merged;
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
        Environment read = merged;
        if (file.format.empty() || file.format == ".env") {
            read_dotenv(source->text, source->file, outer, read, reading_.diagnostics);
            lay_over(merged, std::move(read), replaced);
        } else if (file.format == "raw") {
            read_raw_env(source->text, source->file, outer, read, reading_.diagnostics);
            lay_over(merged, std::move(read), replaced);
        } else {
            error(at, cat("unsupported env_file format \"", file.format, '"'))
                .with_hint("there are `raw` and `.env`, the usual one");
        }
    }
    return merged;
}

// env_file values below those of `environment`; a bare `KEY` there stays without a value even if a file has one.
void Resolution::resolve_environment(model::Service& service, const Environment& environment) {
    for (auto& [name, value] : service.environment) {
        if (value) continue;
        if (const Variable* variable = find(environment, name)) value = variable->value;
    }
    if (service.env_file.empty()) return;
    for (auto& [name, variable] : env_files(service, environment))
        service.environment.emplace(name, std::move(variable.value));
    service.env_file.clear();
}

Environment Resolution::label_files(const model::Service& service, const Replaced& replaced) {
    Environment labels;
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
        lay_over(labels, std::move(read), replaced);
    }
    return labels;
}

void Resolution::resolve_labels(model::Service& service) {
    for (auto& [name, variable] : label_files(service)) service.labels.emplace(name, std::move(variable.value));
}

// The entry of a map, or of a list of KEY=value, that sets `name`.
doc::Node* entry_of(doc::Node& values, std::string_view name) {
    if (values.is_map()) return values.find(name);
    if (!values.is_list()) return nullptr;
    for (doc::Node& item : values.items())
        if (item.is_text() && std::string_view(item.as_text()).substr(0, item.as_text().find('=')) == name)
            return &item;
    return nullptr;
}

// Below what the service itself says.
void lay_under(doc::Node& service, std::string_view key, const Environment& variables,
               const std::map<std::string, doc::OriginRef>& replaced) {
    if (variables.empty()) return;
    doc::Node* values = service.find(key);
    if (!values || values->is_null()) values = &service.set(key, doc::Node::map());
    for (const auto& [name, variable] : variables) {
        const auto before = replaced.find(name);
        const doc::OriginRef origin = before == replaced.end() ? doc::OriginRef() : before->second;
        if (doc::Node* own = entry_of(*values, name)) {
            doc::Node file(variable.value);
            file.set_mark(variable.mark).set_origin(origin);
            note_override(*own, file);
            continue;
        }
        doc::Node value(values->is_list() ? cat(name, '=', variable.value) : variable.value);
        value.set_mark(variable.mark).set_origin(origin);
        if (values->is_list())
            values->push(std::move(value));
        else
            values->set(name, std::move(value));
    }
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

void lay_files_under(doc::Node& service, const model::Service& typed, const Environment& environment,
                     const base::Files& files, doc::Sources& sources, doc::Diagnostics& diagnostics) {
    const Reading reading{files, sources, diagnostics};
    Resolution resolution(reading, doc::Node());
    std::map<std::string, doc::OriginRef> replaced;
    const auto note = [&](const std::string& name, const Variable& before) {
        doc::OriginRef& chain = replaced[name];
        chain = doc::OriginRef({doc::Origin::How::overrode, before.mark, before.value, std::move(chain)});
    };
    lay_under(service, "environment", resolution.env_files(typed, environment, note), replaced);
    replaced.clear();
    lay_under(service, "labels", resolution.label_files(typed, note), replaced);
}

}  // namespace tutti::compose
