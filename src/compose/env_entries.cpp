#include "compose/env_entries.h"

#include <utility>

#include "base/text.h"

namespace tutti::compose {

using base::cat;
using doc::Node;

namespace {

std::string source_of(std::string_view name, const Variable& variable) {
    return variable.source == Variable::Source::shell ? cat(name, " from the shell") : std::string(name);
}

void say_where_from(Node& node, std::string_view name, const Variable& variable) {
    node.set_origin(
        doc::OriginRef({doc::Origin::How::interpolated, variable.mark, source_of(name, variable), node.origin()}));
}

void fill_environment(Node& service, const Environment& environment) {
    Node* entries = service.find("environment");
    if (!entries || !entries->is_list()) return;
    std::erase_if(entries->items(), [](const Node& item) { return !item.is_text(); });
    for (Node& item : entries->items()) {
        const Variable* variable = find(environment, item.as_text());
        if (!variable) continue;
        say_where_from(item, item.as_text(), *variable);
        item.as_text() = cat(item.as_text(), '=', variable->value);
    }
}

void fill_content(Node& model, std::string_view section, std::string_view key, const Environment& environment) {
    Node* objects = model.find(section);
    if (!objects || !objects->is_map()) return;
    for (auto& [name, mark, object] : objects->entries()) {
        const Node* from = object.find("environment");
        const Variable* variable = from && from->is_text() ? find(environment, from->as_text()) : nullptr;
        if (!variable) continue;
        Node content(variable->value);
        content.set_mark(from->mark());
        say_where_from(content, from->as_text(), *variable);
        object.set(key, std::move(content));
    }
}

}  // namespace

void fill_bare_entries(Node& model, const Environment& environment) {
    if (Node* services = model.find("services"); services && services->is_map())
        for (auto& [name, mark, service] : services->entries()) fill_environment(service, environment);
    fill_content(model, "secrets", secret_content_key, environment);
    fill_content(model, "configs", "content", environment);
}

}  // namespace tutti::compose
