#include "compose/canonical.h"

#include <algorithm>
#include <set>
#include <span>

#include "base/text.h"
#include "compose/place.h"
#include "model/read.h"
#include "model/short_form.h"

namespace tutti::compose {

namespace {

struct Walk {
    bool lenient;
    doc::Diagnostics& diagnostics;
};

// How the value of one key becomes canonical.
struct Step {
    std::string_view key;
    void (*apply)(doc::Node& node, const Place& place, const Walk& walk);
};

void apply_steps(doc::Node& map, std::span<const Step> steps, const Place& place, const Walk& walk) {
    if (!map.is_map()) return;
    for (doc::Entry& entry : map.entries()) {
        const auto step = std::lower_bound(steps.begin(), steps.end(), std::string_view(entry.key),
                                           [](const Step& a, std::string_view key) { return a.key < key; });
        if (step != steps.end() && step->key == entry.key) step->apply(entry.value, Place(place, entry.key), walk);
    }
}

void invalid_type(const doc::Node& node, const Place& place, std::string_view what, const Walk& walk) {
    walk.diagnostics.error(node, base::cat(place.to_text(), ": invalid type ", to_text(node.kind()), " for ", what));
}

// `value`, written where `from` is.
doc::Node located(doc::Node value, const doc::Node& from) {
    value.set_mark(from.mark());
    value.set_origin(from.origin());
    return value;
}

// {key: node}, taking the node in.
doc::Node wrap(std::string_view key, doc::Node&& node) {
    doc::Node map = located(doc::Node::map(), node);
    const doc::Mark mark = node.mark();
    map.add({std::string(key), mark, std::move(node)});
    return map;
}

void add(doc::Node& map, std::string_view key, doc::Node value) {
    value.set_mark(map.mark());
    map.add({std::string(key), map.mark(), std::move(value)});
}

void text_to_list(doc::Node& node, const Place&, const Walk&) {
    if (!node.is_text()) return;
    doc::Node list = located(doc::Node::list(), node);
    list.push(std::move(node));
    node = std::move(list);
}

// dns: as a list, without entries that an empty variable left blank.
void dns(doc::Node& node, const Place& place, const Walk& walk) {
    text_to_list(node, place, walk);
    if (!node.is_list()) return;
    std::erase_if(node.items(),
                  [](const doc::Node& item) { return item.is_null() || (item.is_text() && item.as_text().empty()); });
}

void list_to_keys(doc::Node& node, const Place&, const Walk&) {
    if (!node.is_list()) return;
    doc::Node map = located(doc::Node::map(), node);
    map.entries().reserve(node.size());
    std::set<std::string> seen;
    for (doc::Node& item : node.items()) {
        std::string key = model::to_go_text(item);
        if (node.size() == 1 || seen.insert(key).second)
            map.add({std::move(key), item.mark(), located(doc::Node(), item)});
    }
    node = std::move(map);
}

void provenance(doc::Node& node, const Place&, const Walk&) {
    if (!node.is_text()) node = located(doc::Node(model::to_go_text(node)), node);
}

void additional_contexts(doc::Node& node, const Place& place, const Walk& walk) {
    if (node.is_map()) return;
    if (!node.is_list()) return invalid_type(node, place, "additional_contexts", walk);
    doc::Node map = located(doc::Node::map(), node);
    for (doc::Node& item : node.items()) {
        const std::string text = model::to_go_text(item);
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos) {
            if (!walk.lenient)
                walk.diagnostics.error(item,
                                       base::cat(place.to_text(), ": invalid value ", text, ", expected key=value"));
            return;
        }
        map.set(text.substr(0, equals), located(doc::Node(text.substr(equals + 1)), item));
    }
    node = std::move(map);
}

void ssh(doc::Node& node, const Place& place, const Walk& walk) {
    if (node.is_map()) return;
    if (!node.is_list()) return invalid_type(node, place, "ssh", walk);
    doc::Node map = located(doc::Node::map(), node);
    for (doc::Node& item : node.items()) {
        if (!item.is_text()) return invalid_type(item, place, "an ssh key", walk);
        const std::string& text = item.as_text();
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos && text != "default") {
            walk.diagnostics.error(item, base::cat("invalid ssh key \"", text, "\""))
                .with_hint("write default, or ID=PATH");
            continue;
        }
        map.set(text.substr(0, equals),
                located(equals == std::string::npos ? doc::Node() : doc::Node(text.substr(equals + 1)), item));
    }
    node = std::move(map);
}

void ulimits(doc::Node& node, const Place& place, const Walk& walk) {
    if (!node.is_map()) return;
    for (const doc::Entry& entry : node.entries())
        if (!entry.value.is_map() && !entry.value.is_int())
            invalid_type(entry.value, Place(place, entry.key), "a limit", walk);
}

void file_references(doc::Node& node, const Place& place, const Walk& walk) {
    if (!node.is_list()) return;
    std::size_t index = 0;
    for (doc::Node& item : node.items()) {
        if (item.is_text())
            item = wrap("source", std::move(item));
        else if (!item.is_map())
            invalid_type(item, Place(place, index), "a secret or config", walk);
        ++index;
    }
}

constexpr Step build_steps[] = {
    {"additional_contexts", additional_contexts},
    {"provenance", provenance},
    {"sbom", provenance},
    {"secrets", file_references},
    {"ssh", ssh},
    {"ulimits", ulimits},
};

void build(doc::Node& node, const Place& place, const Walk& walk) {
    if (node.is_text())
        node = wrap("context", std::move(node));
    else if (node.is_map())
        apply_steps(node, build_steps, place, walk);
    else
        invalid_type(node, place, "build", walk);
}

void depends_on(doc::Node& node, const Place& place, const Walk& walk) {
    if (node.is_list())
        list_to_keys(node, place, walk);
    else if (!node.is_map())
        return invalid_type(node, place, "depends_on", walk);
    else if (const auto bad = std::find_if(node.entries().begin(), node.entries().end(),
                                           [](const doc::Entry& entry) { return !entry.value.is_map(); });
             bad != node.entries().end()) {
        walk.diagnostics.error(bad->value, base::cat(Place(place, bad->key).to_text(), ": unsupported value"));
        return;
    }
    for (doc::Entry& entry : node.entries()) {
        if (entry.value.is_null()) entry.value = located(doc::Node::map(), entry.value);
        if (entry.value.find("condition") == nullptr) add(entry.value, "condition", doc::Node("service_started"));
        if (entry.value.find("required") == nullptr) add(entry.value, "required", doc::Node(true));
    }
}

void env_file(doc::Node& node, const Place& place, const Walk& walk) {
    text_to_list(node, place, walk);
    if (!node.is_list()) return invalid_type(node, place, "env_file", walk);
    std::size_t index = 0;
    for (doc::Node& item : node.items()) {
        if (item.is_text())
            item = wrap("path", std::move(item));
        else if (!item.is_map())
            invalid_type(item, Place(place, index), "an env_file", walk);
        if (item.is_map() && item.find("required") == nullptr) add(item, "required", doc::Node(true));
        ++index;
    }
}

void extends(doc::Node& node, const Place& place, const Walk& walk) {
    if (node.is_text())
        node = wrap("service", std::move(node));
    else if (!node.is_map())
        invalid_type(node, place, "extends", walk);
}

void gpus(doc::Node& node, const Place& place, const Walk& walk) {
    if (node.is_text()) {
        doc::Node list = located(doc::Node::list(), node);
        doc::Node& all = list.push(located(doc::Node::map(), node));
        add(all, "count", doc::Node("all"));
        node = std::move(list);
    } else if (!node.is_list()) {
        invalid_type(node, place, "gpus", walk);
    }
}

doc::Node to_node(const model::Port& port, const doc::Node& from) {
    doc::Node map = located(doc::Node::map(), from);
    map.entries().reserve(5);
    add(map, "mode", doc::Node(port.mode));
    if (!port.host_ip.empty()) add(map, "host_ip", doc::Node(port.host_ip));
    if (port.target != 0) add(map, "target", doc::Node(std::int64_t{port.target}));
    if (!port.published.empty()) add(map, "published", doc::Node(port.published));
    add(map, "protocol", doc::Node(port.protocol));
    return map;
}

// One entry may mean several ports, so the list is made anew.
void ports(doc::Node& node, const Place& place, const Walk& walk) {
    if (!node.is_list()) return invalid_type(node, place, "ports", walk);
    // Where variables are kept, one text that is no port yet leaves the whole list as written.
    const auto unclear = [](const doc::Node& item) { return item.is_text() && !model::parse_ports(item.as_text()); };
    if (walk.lenient && std::ranges::any_of(node.items(), unclear)) return;
    doc::Node::List out;
    out.reserve(node.size());
    std::size_t index = 0;
    for (doc::Node& item : node.items()) {
        if (item.is_map()) {
            out.push_back(std::move(item));
        } else if (item.is_int() || item.is_text()) {
            const auto parsed = model::parse_ports(model::to_go_text(item));
            if (parsed)
                for (const model::Port& port : parsed.value) out.push_back(to_node(port, item));
            else
                walk.diagnostics.error(item, base::cat(Place(place, index).to_text(), ": ", parsed.fault))
                    .with_hint("[IP:][HOST-PORT:]CONTAINER-PORT[/tcp|udp|sctp]");
        } else {
            invalid_type(item, Place(place, index), "a port", walk);
        }
        ++index;
    }
    node.items() = std::move(out);
}

doc::Node to_node(const model::Mount& mount, const doc::Node& from) {
    doc::Node map = located(doc::Node::map(), from);
    map.entries().reserve(6);
    add(map, "type", doc::Node(mount.type));
    if (!mount.source.empty()) add(map, "source", doc::Node(mount.source));
    if (!mount.target.empty()) add(map, "target", doc::Node(mount.target));
    if (mount.read_only) add(map, "read_only", doc::Node(true));
    if (mount.bind) {
        doc::Node bind = located(doc::Node::map(), from);
        if (!mount.bind->selinux.empty()) add(bind, "selinux", doc::Node(mount.bind->selinux));
        if (!mount.bind->propagation.empty()) add(bind, "propagation", doc::Node(mount.bind->propagation));
        if (mount.bind->create_host_path) add(bind, "create_host_path", doc::Node(true));
        add(map, "bind", std::move(bind));
    }
    if (mount.volume) {
        doc::Node volume = located(doc::Node::map(), from);
        if (mount.volume->nocopy) add(volume, "nocopy", doc::Node(true));
        add(map, "volume", std::move(volume));
    }
    return map;
}

void mounts(doc::Node& node, const Place& place, const Walk& walk) {
    if (!node.is_list()) return;
    std::size_t index = 0;
    for (doc::Node& item : node.items()) {
        const Place here(place, index++);
        if (item.is_map()) continue;
        if (!item.is_text()) {
            invalid_type(item, here, "a volume", walk);
            continue;
        }
        const auto parsed = model::parse_mount(item.as_text());
        if (!parsed.remark.empty()) walk.diagnostics.warning(item, base::cat(here.to_text(), ": ", parsed.remark));
        if (parsed)
            item = to_node(parsed.value, item);
        else if (!walk.lenient)
            walk.diagnostics.error(item, base::cat(here.to_text(), ": ", parsed.fault))
                .with_hint("[SOURCE:]TARGET[:OPTIONS]");
    }
}

void devices(doc::Node& node, const Place& place, const Walk& walk) {
    if (!node.is_list()) return;
    std::size_t index = 0;
    for (doc::Node& item : node.items()) {
        const Place here(place, index++);
        if (item.is_map()) continue;
        if (!item.is_text()) {
            invalid_type(item, here, "a device", walk);
            continue;
        }
        const std::string text = item.as_text();
        std::vector<std::string_view> parts = base::split(text, ':');
        if (parts.size() > 3) {
            if (!walk.lenient)
                walk.diagnostics.error(
                    item, base::cat(here.to_text(), ": confusing device mapping, please use long syntax: ", text));
            parts = {{}};
        }
        doc::Node device = located(doc::Node::map(), item);
        add(device, "source", doc::Node(parts[0]));
        add(device, "target", doc::Node(parts.size() > 1 && !parts[1].empty() ? parts[1] : parts[0]));
        add(device, "permissions", doc::Node(parts.size() > 2 ? parts[2] : std::string_view("rwm")));
        item = std::move(device);
    }
}

constexpr Step watch_steps[] = {{"ignore", text_to_list}, {"include", text_to_list}};

void develop(doc::Node& node, const Place& place, const Walk& walk) {
    doc::Node* watch = node.find("watch");
    if (watch == nullptr || !watch->is_list()) return;
    for (doc::Node& item : watch->items()) apply_steps(item, watch_steps, place, walk);
}

constexpr Step service_steps[] = {
    {"build", build},
    {"configs", file_references},
    {"depends_on", depends_on},
    {"develop", develop},
    {"devices", devices},
    {"dns", dns},
    {"env_file", env_file},
    {"extends", extends},
    {"gpus", gpus},
    {"label_file", text_to_list},
    {"models", list_to_keys},
    {"networks", list_to_keys},
    {"ports", ports},
    {"secrets", file_references},
    {"ulimits", ulimits},
    {"volumes", mounts},
};

void services(doc::Node& node, const Place& place, const Walk& walk) {
    if (!node.is_map()) return;
    for (doc::Entry& service : node.entries())
        apply_steps(service.value, service_steps, Place(place, service.key), walk);
}

// `external: {name: x}`, the old spelling, becomes `external: true` and `name: x`.
void external(doc::Node& resource, const Place& place, const Walk& walk) {
    doc::Node* external = resource.find("external");
    if (external == nullptr || !external->is_map()) return;
    const doc::Node old = std::move(*external);
    *external = located(doc::Node(true), old);
    const doc::Node* old_name = old.find("name");
    if (old_name == nullptr) return;
    walk.diagnostics.warning(
        *old_name, base::cat(place.to_text(), ": external.name is deprecated. Please set name and external: true"));
    if (const doc::Node* name = resource.find("name")) {
        if (!(*name == *old_name))
            walk.diagnostics
                .error(*old_name, base::cat(place.to_text(), ": name and external.name conflict; only use name"))
                .with_note(name->mark(), "name is written here");
        return;
    }
    resource.set("name", *old_name);
}

void resources(doc::Node& node, const Place& place, const Walk& walk) {
    if (!node.is_map()) return;
    for (doc::Entry& resource : node.entries()) external(resource.value, Place(place, resource.key), walk);
}

constexpr Step model_steps[] = {
    {"configs", resources}, {"networks", resources}, {"secrets", resources},
    {"services", services}, {"volumes", resources},
};

}  // namespace

bool make_canonical(doc::Node& model, bool lenient, doc::Diagnostics& diagnostics) {
    const std::size_t before = diagnostics.errors();
    apply_steps(model, model_steps, Place(), Walk{lenient, diagnostics});
    return diagnostics.errors() == before;
}

}  // namespace tutti::compose
