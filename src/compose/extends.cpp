#include "compose/extends.h"

#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "compose/merge.h"
#include "compose/origins.h"
#include "compose/paths.h"

namespace tutti::compose {

using base::cat;
using doc::Node;

struct Extender::Services {
    Services(Node& map, const Removals& removals, std::string file)
        : map(map), removals(removals), file(std::move(file)) {
        for (std::size_t i = 0; i < map.entries().size(); ++i) index.emplace(map.entries()[i].key, i);
    }
    Node* find(std::string_view name) {
        const auto found = index.find(name);
        return found == index.end() ? nullptr : &map.entries()[found->second].value;
    }

    Node& map;
    const Removals& removals;  // of the document that holds them
    std::string file;          // for messages
    std::unordered_map<std::string_view, std::size_t> index;
};

struct Extender::Link {
    Services* services;
    std::string name;
    doc::Mark mark;  // of its `extends`
};

struct Extender::BaseFile {
    Node model = Node::map();
    Removals removals;  // of the last document
    std::unique_ptr<Services> services;
};

namespace {

// What an `extends` says; the service is empty if it names none.
struct Reference {
    std::string service;
    const Node* file = nullptr;
};

Reference read_reference(const Node& extends) {
    if (extends.is_text()) return {extends.as_text(), nullptr};
    const Node* file = extends.find("file");
    return {extends.text_or("service"), file && !file->is_null() ? file : nullptr};
}

}  // namespace

Extender::Extender(const Steps& steps, const FileSet& set) : steps_(steps), set_(set) {}
Extender::~Extender() = default;

bool Extender::refuse(const Node& at, std::string message) {
    steps_.reading.diagnostics.error(at, std::move(message));
    return false;
}

bool Extender::apply(Node& document, const std::string& file, const Removals& removals) {
    Node* map = document.find("services");
    if (!map || map->is_null()) return true;
    if (!map->is_map()) return refuse(*map, "services must be a mapping");
    std::vector<std::string> extending;
    for (const auto& [name, mark, service] : map->entries())
        if (service.find("extends")) extending.push_back(name);
    if (extending.empty()) return true;
    Services services(*map, removals, file);
    bool intact = true;
    for (const auto& name : extending) intact = resolve(services, name) && intact;
    return intact;
}

bool Extender::resolve(Services& services, const std::string& name) {
    std::vector<Link> chain;
    return follow(services, name, chain) && fold(chain);
}

// Collects the chain of services from `name` on, up to one that extends nothing.
bool Extender::follow(Services& services, const std::string& name, std::vector<Link>& chain) {
    std::set<std::pair<const Services*, std::string>> seen;
    Services* in = &services;
    for (std::string at = name;;) {
        Node* service = in->find(at);
        const Node* extends = service->find("extends");
        chain.push_back({in, at, extends ? extends->mark() : doc::Mark{}});
        if (service->is_null()) return true;
        if (!service->is_map()) return refuse(*service, cat("services.", at, " must be a mapping"));
        if (!extends) return true;
        if (!seen.emplace(in, at).second) {
            std::string message =
                cat("Circular reference:\n  ", chain.front().name, " in ", chain.front().services->file);
            for (std::size_t i = 1; i < chain.size(); ++i)
                message += cat("\n  extends ", chain[i].name, " in ", chain[i].services->file);
            return refuse(*extends, std::move(message));
        }
        const Reference reference = read_reference(*extends);
        if (extends->is_map() && reference.service.empty() && !extends->find("service"))
            return refuse(*extends, cat("extends.", at, ".service is required"));
        Services* next = reference.file ? base_services(at, reference.service, *reference.file) : in;
        if (!next) return false;
        if (!next->find(reference.service)) {
            auto& error = steps_.reading.diagnostics.error(
                *extends, cat("cannot extend service \"", at, "\" in ", in->file, ": service \"", reference.service,
                              "\" not found", reference.file ? cat(" in ", next->file) : ""));
            std::vector<std::string_view> names;
            for (const auto& entry : next->map.entries()) names.push_back(entry.key);
            if (const auto near = base::did_you_mean(reference.service, names))
                error.with_hint(cat("did you mean `", *near, "`?"));
            return false;
        }
        in = next;
        at = reference.service;
    }
}

// From the end of the chain: each service on a copy of the one it extends.
bool Extender::fold(std::vector<Link>& chain) {
    while (chain.size() > 1) {
        const Link base = std::move(chain.back());
        chain.pop_back();
        const Link& link = chain.back();
        const Node& below = *base.services->find(base.name);
        if (below.is_null()) continue;
        Node merged = below;
        mark_origin(merged, doc::Origin::How::extended_from, link.mark, base.name);
        link.services->removals.apply(merged, "services", link.name);
        Node& own = *link.services->find(link.name);
        const doc::Mark mark = own.mark();
        if (!merge_entry(merged, std::move(own), "services", link.name, steps_.reading.diagnostics)) return false;
        merged.erase("extends");
        merged.set_mark(mark).set_origin({});
        own = std::move(merged);
    }
    return true;
}

Extender::Services* Extender::base_services(const std::string& name, const std::string& wanted, const Node& file) {
    if (!file.is_text()) {
        refuse(file, cat("services.", name, ".extends.file must be a string"));
        return nullptr;
    }
    const auto path = locate(steps_, set_, file.as_text(), file);
    if (!path) return nullptr;
    const auto [known, fresh] = files_.try_emplace(*path);
    auto& base = known->second;
    if (!fresh) return base ? base->services.get() : nullptr;

    auto read = read_compose_file(steps_.reading, *path, file.mark());
    if (!read) return nullptr;
    auto loaded = std::make_unique<BaseFile>();
    for (Node& document : read->documents) {
        loaded->removals = Removals::take_from(document);
        if (!prepare_document(steps_, set_, *read, document)) return nullptr;
        if (!lay_on(steps_, loaded->model, std::move(document), loaded->removals, Purpose::base)) return nullptr;
    }
    Node* services = loaded->model.find("services");
    if (!services || !services->is_map()) {
        refuse(file, cat("cannot extend service \"", wanted, "\" in ", *path,
                         services ? ": services must be a mapping" : ": no services section"));
        return nullptr;
    }
    const PathBase folder{folder_seen_from(steps_, set_, file.as_text()), steps_.home, steps_.reading.files};
    if (!resolve_paths(loaded->model, folder, steps_.reading.diagnostics)) return nullptr;
    loaded->services = std::make_unique<Services>(*services, loaded->removals, *path);
    base = std::move(loaded);
    return base->services.get();
}

}  // namespace tutti::compose
