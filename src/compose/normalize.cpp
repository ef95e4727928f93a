#include "compose/normalize.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/path.h"
#include "base/text.h"

namespace tutti::compose {

namespace {

constexpr std::string_view service_prefix = "service:", container_prefix = "container:";

doc::Node& add(doc::Node& map, std::string_view key, doc::Node value) {
    value.set_mark(map.mark());
    return map.add({std::string(key), map.mark(), std::move(value)});
}

// Services without networks of their own are in `default`; true if anyone uses it.
bool join_default_network(doc::Node& service) {
    if (service.find("provider") != nullptr || service.find("network_mode") != nullptr) return false;
    doc::Node* networks = service.find("networks");
    if (networks == nullptr) networks = &add(service, "networks", doc::Node::map());
    if (networks->size() == 0) {
        if (!networks->is_map()) *networks = doc::Node::map();
        add(*networks, "default", doc::Node());
        return true;
    }
    return networks->find("default") != nullptr;
}

// Bare names take the variable's value; without one they stay (environment) or go (build args).
void resolve(doc::Node& node, const Environment& environment, bool keep) {
    const auto settle = [&](std::string_view name, doc::Node& value, bool as_list) {
        const Variable* variable = find(environment, name);
        if (variable == nullptr) return keep;
        doc::Node resolved(as_list ? base::cat(name, '=', variable->value) : variable->value);
        resolved.set_mark(value.mark());
        value = std::move(resolved);
        return true;
    };
    if (node.is_list()) {
        std::erase_if(node.items(), [&](doc::Node& item) {
            if (!item.is_text() || item.as_text().find('=') != std::string::npos) return false;
            const std::string name = item.as_text();
            return !settle(name, item, true);
        });
    } else if (node.is_map()) {
        std::erase_if(node.entries(), [&](doc::Entry& entry) {
            return entry.value.is_null() && !settle(entry.key, entry.value, false);
        });
    }
}

void complete_build(doc::Node& build, const Environment& environment) {
    if (!build.is_map()) return;
    const auto unset = [&build](std::string_view key) {
        const doc::Node* value = build.find(key);
        return value == nullptr || value->is_null();
    };
    if (unset("context")) build.set("context", doc::Node("."));
    if (unset("dockerfile") && unset("dockerfile_inline")) build.set("dockerfile", doc::Node("Dockerfile"));
    if (doc::Node* args = build.find("args")) resolve(*args, environment, false);
}

// Dependencies that other keys imply; explicit ones stay as they are, the first implied one wins.
class Implied {
  public:
    explicit Implied(doc::Node& service) : service_(service), depends_on_(service.find("depends_on")) {}

    void add_links(const doc::Node& links) {
        if (!links.is_list()) return;
        for (const doc::Node& link : links.items()) {
            if (!link.is_text()) continue;
            const std::string& text = link.as_text();
            const std::size_t colon = text.find(':');
            const bool alias = colon != std::string::npos && text.find(':', colon + 1) == std::string::npos;
            depend(alias ? text.substr(0, colon) : text, true, link);
        }
    }

    void add_namespace(const doc::Node& value) {
        if (value.is_text() && value.as_text().starts_with(service_prefix))
            depend(value.as_text().substr(service_prefix.size()), true, value);
    }

    void add_volumes_from(const doc::Node& list) {
        if (!list.is_list()) return;
        for (const doc::Node& item : list.items())
            if (item.is_text() && !item.as_text().starts_with(container_prefix))
                depend(item.as_text().substr(0, item.as_text().find(':')), false, item);
    }

    void apply() {
        if (!fresh_.is_null() && depends_on_ == nullptr) add(service_, "depends_on", std::move(fresh_));
    }

  private:
    void depend(const std::string& name, bool restart, const doc::Node& because) {
        if (depends_on_ != nullptr && !depends_on_->is_map()) *depends_on_ = doc::Node::map();
        if (depends_on_ == nullptr && fresh_.is_null()) fresh_ = doc::Node::map();
        doc::Node& map = depends_on_ != nullptr ? *depends_on_ : fresh_;
        if (map.find(name) != nullptr) return;
        doc::Node dependency = doc::Node::map();
        dependency.set_mark(because.mark());
        add(dependency, "condition", doc::Node("service_started"));
        add(dependency, "restart", doc::Node(restart));
        add(dependency, "required", doc::Node(true));
        map.add({name, because.mark(), std::move(dependency)});
    }

    doc::Node& service_;
    doc::Node* depends_on_;
    doc::Node fresh_;
};

void add_implied_dependencies(doc::Node& service) {
    constexpr std::array<std::string_view, 5> namespaces = {"network_mode", "ipc", "pid", "uts", "cgroup"};
    Implied implied(service);
    if (const doc::Node* links = service.find("links")) implied.add_links(*links);
    for (const std::string_view key : namespaces)
        if (const doc::Node* value = service.find(key)) implied.add_namespace(*value);
    if (const doc::Node* list = service.find("volumes_from")) implied.add_volumes_from(*list);
    implied.apply();
}

void clean_targets(doc::Node& mounts) {
    if (!mounts.is_list()) return;
    for (doc::Node& mount : mounts.items())
        if (doc::Node* target = mount.find("target"); target != nullptr && target->is_text())
            target->as_text() = base::path::clean(target->as_text());
}

// A pre_start hook without an image runs in that of its service.
void inherit_image(doc::Node& hooks, const doc::Node* image) {
    if (!hooks.is_list() || image == nullptr || !image->is_text() || image->as_text().empty()) return;
    for (doc::Node& hook : hooks.items())
        if (hook.is_map() && hook.find("image") == nullptr) add(hook, "image", doc::Node(image->as_text()));
}

void complete_service(doc::Node& service, const Environment& environment) {
    for (doc::Entry& entry : service.entries()) {
        if (entry.key == "pull_policy") {
            if (entry.value == doc::Node("if_not_present")) entry.value.as_text() = "missing";
        } else if (entry.key == "build") {
            complete_build(entry.value, environment);
        } else if (entry.key == "environment") {
            resolve(entry.value, environment, true);
        } else if (entry.key == "volumes") {
            clean_targets(entry.value);
        } else if (entry.key == "pre_start") {
            inherit_image(entry.value, service.find("image"));
        }
    }
    add_implied_dependencies(service);
}

bool is_true(const doc::Node* value) {
    if (value == nullptr) return false;
    if (value->is_bool()) return value->as_bool();
    constexpr std::array<std::string_view, 6> words = {"1", "t", "T", "TRUE", "true", "True"};
    if (value->is_int()) return value->as_int() == 1;
    return value->is_text() && std::find(words.begin(), words.end(), value->as_text()) != words.end();
}

void name_resources(doc::Node& section, std::string_view project) {
    if (!section.is_map()) return;
    for (doc::Entry& entry : section.entries()) {
        doc::Node& resource = entry.value;
        if (resource.is_null()) {
            const doc::Mark mark = resource.mark() ? resource.mark() : entry.key_mark;
            resource = doc::Node::map();
            resource.set_mark(mark);
        }
        if (!resource.is_map()) continue;
        if (const doc::Node* name = resource.find("name"); name != nullptr && !name->is_null()) continue;
        resource.erase("name");
        add(resource, "name",
            doc::Node(is_true(resource.find("external")) ? entry.key : base::cat(project, '_', entry.key)));
    }
}

}  // namespace

void normalize(doc::Node& model, std::string_view project_name, const Environment& environment) {
    model.set("name", doc::Node(project_name));
    bool default_used = false;
    if (doc::Node* services = model.find("services"); services != nullptr && services->is_map()) {
        for (doc::Entry& service : services->entries()) {
            if (!service.value.is_map()) continue;
            default_used = join_default_network(service.value) || default_used;
            complete_service(service.value, environment);
        }
    }
    if (default_used) {
        doc::Node* networks = model.find("networks");
        if (networks == nullptr) networks = &add(model, "networks", doc::Node::map());
        if (!networks->is_map()) *networks = doc::Node::map();
        if (networks->find("default") == nullptr) add(*networks, "default", doc::Node());
    }
    for (const std::string_view section : {"networks", "volumes", "configs", "secrets"})
        if (doc::Node* resources = model.find(section)) name_resources(*resources, project_name);
}

}  // namespace tutti::compose
