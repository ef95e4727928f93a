#include "compose/include.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "base/path.h"
#include "base/text.h"
#include "compose/merge.h"
#include "compose/origins.h"
#include "doc/go_text.h"

namespace tutti::compose {

using base::cat;
using doc::Node;

namespace {

// Far beyond what people write: files that include each other's includes twice double the work at each level.
constexpr std::size_t deepest = 100;
constexpr std::size_t most_inclusions = 2'000;

// One entry of `include`.
struct Inclusion {
    std::vector<const Node*> paths;  // the first is the file, the others are laid on it
    std::string folder;              // project_directory
    std::vector<const Node*> env_files;
    const Node* entry = nullptr;
};

class Includer {
  public:
    Includer(const Steps& steps, const FileSet& set, Node& document, const Removals& removals)
        : steps_(steps), set_(set), document_(document), removals_(removals), diagnostics_(steps.reading.diagnostics) {}

    bool run(const Node& list) {
        if (list.is_null()) return true;
        if (!list.is_list()) return refuse(list, cat("`include` must be a list, not a ", to_text(list.kind())));
        std::vector<Inclusion> inclusions;
        for (const Node& entry : list.items()) {
            auto inclusion = read(entry);
            if (!inclusion) return false;
            inclusions.push_back(std::move(*inclusion));
        }
        return std::ranges::all_of(inclusions, [this](const Inclusion& inclusion) { return include(inclusion); });
    }

  private:
    bool refuse(const Node& at, std::string message) {
        diagnostics_.error(at, std::move(message));
        return false;
    }

    bool read_texts(const Node* value, std::string_view key, std::vector<const Node*>& texts) {
        if (!value || value->is_null()) return true;
        if (value->is_text()) texts.push_back(value);
        const auto is_text = [](const Node& item) { return item.is_text(); };
        if (value->is_list() && std::ranges::all_of(value->items(), is_text)) {
            for (const Node& item : value->items()) texts.push_back(&item);
        } else if (!value->is_text()) {
            return refuse(*value, cat("`", key, "` of an include must be a string or a list of strings"));
        }
        return true;
    }

    std::optional<Inclusion> read(const Node& entry) {
        Inclusion inclusion;
        inclusion.entry = &entry;
        if (entry.is_text()) {
            inclusion.paths.push_back(&entry);
            return inclusion;
        }
        if (!entry.is_map() && !entry.is_null()) {
            refuse(entry, cat("an include must be a path or a mapping, not a ", to_text(entry.kind())));
            return std::nullopt;
        }
        constexpr std::array<std::string_view, 3> known{"path", "project_directory", "env_file"};
        for (const auto& [key, mark, value] : entry.is_null() ? Node::Map{} : entry.entries()) {
            if (std::ranges::find(known, key) != known.end() || key.starts_with("x-")) continue;
            auto& warning = diagnostics_.warning(mark, cat("`", key, "` means nothing in an include"));
            if (const auto near = base::did_you_mean(key, known)) warning.with_hint(cat("did you mean `", *near, "`?"));
        }
        if (const Node* folder = entry.find("project_directory"); folder && !folder->is_null()) {
            if (!folder->is_text() && !folder->is_int()) {
                refuse(*folder, "`project_directory` of an include must be a string");
                return std::nullopt;
            }
            inclusion.folder = doc::go_text(*folder);
        }
        if (!read_texts(entry.find("path"), "path", inclusion.paths)) return std::nullopt;
        if (!read_texts(entry.find("env_file"), "env_file", inclusion.env_files)) return std::nullopt;
        if (inclusion.paths.empty())
            diagnostics_.warning(entry, "this include names no file").with_hint("`path` is missing");
        return inclusion;
    }

    bool check_limits(const std::string& path, const Node& at) {
        if (++steps_.inclusions > most_inclusions)
            return refuse(at, cat("more than ", most_inclusions, " files are included, counting repeats"));
        if (set_.chain.size() >= deepest) return refuse(at, cat("includes are nested more than ", deepest, " deep"));
        if (std::ranges::find(set_.chain, path) == set_.chain.end()) return true;
        std::string message = cat("include cycle detected:\n", set_.chain.front());
        for (std::size_t i = 1; i < set_.chain.size(); ++i) message += cat("\n include ", set_.chain[i]);
        return refuse(at, cat(message, "\n include ", path));
    }

    std::optional<Environment> environment_of(const Inclusion& inclusion, const std::string& folder) {
        std::vector<std::string> paths;
        for (const Node* file : inclusion.env_files)
            paths.push_back(base::path::absolute(file->as_text(), set_.folder));
        if (paths.empty()) {
            const std::string usual = base::path::join(folder, ".env");
            const auto kind = steps_.reading.files.kind(usual);
            if (kind != base::Files::Kind::absent && kind != base::Files::Kind::directory) paths.push_back(usual);
        }
        const Node& at = inclusion.env_files.empty() ? *inclusion.entry : *inclusion.env_files.front();
        const auto read = read_env_files(steps_.reading, paths, set_.environment, at.mark());
        if (!read) return std::nullopt;
        Environment environment = set_.environment;
        add_missing(environment, *read);
        return environment;
    }

    bool include(const Inclusion& inclusion) {
        if (inclusion.paths.empty()) return true;
        std::vector<std::string> paths;
        for (const Node* name : inclusion.paths) {
            const auto path = locate(steps_, set_, name->as_text(), *name);
            if (!path || !check_limits(*path, *name)) return false;
            paths.push_back(*path);
        }
        std::string folder = base::path::folder(paths.front());
        std::string seen = folder_seen_from(steps_, set_, paths.front());
        if (const std::string& named = inclusion.folder; !named.empty()) {
            folder = base::path::absolute(named, set_.folder);
            seen = base::path::is_absolute(named) ? named : folder_seen_from(steps_, set_, named);
        }
        const auto environment = environment_of(inclusion, folder);
        if (!environment) return false;

        std::vector<ComposeFile> files;
        for (std::size_t i = 0; i < paths.size(); ++i) {
            auto file = read_compose_file(steps_.reading, paths[i], inclusion.paths[i]->mark());
            if (!file) return false;
            files.push_back(std::move(*file));
        }
        auto model = load_model(steps_, {folder, seen, *environment, set_.chain}, std::move(files));
        if (!model) return false;
        mark_origin(*model, doc::Origin::How::included_from, inclusion.paths.front()->mark(),
                    inclusion.paths.front()->as_text());
        return take_resources(*model);
    }

    bool take_resources(Node& model) {
        constexpr std::array<std::string_view, 6> sections{"services", "volumes", "networks",
                                                           "secrets",  "configs", "models"};
        return std::ranges::all_of(sections, [&](std::string_view section) {
            Node* from = model.find(section);
            return !from || !from->is_map() || take_section(section, *from);
        });
    }

    bool take_section(std::string_view section, Node& from) {
        Node* to = document_.find(section);
        if (!to) to = &document_.set(section, Node::map());
        if (to->is_null()) *to = Node::map();
        if (!to->is_map()) return refuse(*to, cat(section, " must be a mapping"));
        auto& entries = to->entries();
        std::unordered_map<std::string, std::size_t> index;
        for (std::size_t i = 0; i < entries.size(); ++i) index.emplace(entries[i].key, i);
        for (auto& entry : from.entries()) {
            const auto own = index.find(entry.key);
            if (own == index.end()) {
                entries.push_back(std::move(entry));
                continue;
            }
            Node& local = entries[own->second].value;
            removals_.apply(entry.value, section, entry.key);
            if (!merge_entry(entry.value, std::move(local), section, entry.key, diagnostics_)) return false;
            local = std::move(entry.value);
        }
        return true;
    }

    const Steps& steps_;
    const FileSet& set_;
    Node& document_;
    const Removals& removals_;
    doc::Diagnostics& diagnostics_;
};

}  // namespace

bool apply_includes(const Steps& steps, const FileSet& set, Node& document, const Removals& removals) {
    const Node* list = document.find("include");
    if (!list) return true;
    const Node copy = *list;
    document.erase("include");
    return Includer(steps, set, document, removals).run(copy);
}

}  // namespace tutti::compose
