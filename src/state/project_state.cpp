#include "state/project_state.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/trace.h"
#include "state/labels.h"

namespace tutti::state {
namespace {

using base::cat;

std::string value_of(const engine::Labels& labels, std::string_view key) {
    const auto found = labels.find(std::string(key));
    return found == labels.end() ? std::string() : found->second;
}

std::string of_project(std::string_view project) { return cat(label::project, "=", project); }

// The hash counts only when this project made the thing: what others made is used as it is.
template <class T>
Resource to_resource(const T& thing, std::string key, std::string id, std::string_view project) {
    Resource resource{std::move(key), thing.name, std::move(id), {}, value_of(thing.labels, label::project),
                      thing.driver};
    if (resource.owner == project) resource.config_hash = value_of(thing.labels, label::config_hash);
    return resource;
}

bool has_key(const std::vector<Resource>& resources, std::string_view key) {
    return std::any_of(resources.begin(), resources.end(), [&](const Resource& one) { return one.key == key; });
}

void observe_labelled(engine::Engine& engine, ProjectState& state) {
    for (const engine::Network& network : engine.networks().list({of_project(state.project)}))
        if (std::string key = value_of(network.labels, label::network); !key.empty())
            state.networks.push_back(to_resource(network, std::move(key), network.id, state.project));
    for (const engine::Volume& volume : engine.volumes().list({of_project(state.project)}))
        if (std::string key = value_of(volume.labels, label::volume); !key.empty())
            state.volumes.push_back(to_resource(volume, std::move(key), volume.name, state.project));
}

// What the files name and no label of ours marks: external ones, and those that somebody else made.
void observe_named(engine::Engine& engine, const model::Project& project, ProjectState& state) {
    for (const auto& [key, network] : project.networks) {
        if (!network.external && has_key(state.networks, key)) continue;
        const auto found = engine.networks().find(network.name);
        if (!found || (found->name != network.name && found->id != network.name)) continue;
        state.networks.push_back(to_resource(*found, key, found->id, state.project));
        state.networks.back().external = network.external;
    }
    for (const auto& [key, volume] : project.volumes) {
        if (!volume.external && has_key(state.volumes, key)) continue;
        const auto found = engine.volumes().find(volume.name);
        if (!found) continue;
        state.volumes.push_back(to_resource(*found, key, found->name, state.project));
        state.volumes.back().external = volume.external;
    }
}

void observe_containers(engine::Engine& engine, ProjectState& state) {
    engine::ListOptions options;
    options.all = true;
    options.labels = {of_project(state.project)};
    for (engine::ContainerSummary& summary : engine.containers().list(options)) {
        Container container = read(std::move(summary));
        if (!container.label(label::hook).empty())
            state.hook_containers.push_back(std::move(container));
        else if (!container.label(label::config_hash).empty())
            state.containers.push_back(std::move(container));
    }
    std::sort(state.containers.begin(), state.containers.end(), [](const Container& a, const Container& b) {
        return std::tie(a.service, a.one_off, a.number, a.name()) < std::tie(b.service, b.one_off, b.number, b.name());
    });
}

}  // namespace

std::string_view Container::label(std::string_view key) const {
    const auto found = summary.labels.find(std::string(key));
    return found == summary.labels.end() ? std::string_view() : std::string_view(found->second);
}

std::string Container::short_name() const {
    for (const char separator : {'-', '_'})
        if (name() == cat(project, separator, service, separator, label(label::number)))
            return name().substr(project.size() + 1);
    return name();
}

Container read(engine::ContainerSummary summary) {
    Container container;
    container.summary = std::move(summary);
    container.project = container.label(label::project);
    container.service = container.label(label::service);
    container.number = static_cast<int>(base::to_int(container.label(label::number)).value_or(0));
    container.one_off = container.label(label::one_off) == "True";
    return container;
}

std::vector<const Container*> ProjectState::of_service(std::string_view service) const {
    std::vector<const Container*> found;
    for (const Container& container : containers)
        if (container.service == service && !container.one_off) found.push_back(&container);
    return found;
}

ProjectState observe(engine::Engine& engine, const model::Project& project) {
    const base::Span span("observe", project.name);
    ProjectState state;
    state.project = project.name;
    observe_containers(engine, state);
    observe_labelled(engine, state);
    observe_named(engine, project, state);
    observe_images(engine, project, state);
    return state;
}

ProjectState observe(engine::Engine& engine, const std::string& project) {
    const base::Span span("observe", project);
    ProjectState state;
    state.project = project;
    observe_containers(engine, state);
    observe_labelled(engine, state);
    return state;
}

std::vector<Container> list_containers(engine::Engine& engine, const std::string& project, bool stopped) {
    engine::ListOptions options;
    options.all = stopped;
    options.labels = {of_project(project), std::string(label::config_hash)};
    std::vector<Container> containers;
    for (engine::ContainerSummary& summary : engine.containers().list(options))
        containers.push_back(read(std::move(summary)));
    std::sort(containers.begin(), containers.end(),
              [](const Container& a, const Container& b) { return a.name() < b.name(); });
    return containers;
}

std::string image_of(const model::Service& service, std::string_view project) {
    return service.image.empty() ? cat(project, "-", service.name) : service.image;
}

std::vector<std::string> image_references(const model::Project& project) {
    std::set<std::string> references;
    for (const auto& [name, service] : project.services) {
        if (service.provider) continue;
        references.insert(image_of(service, project.name));
        for (const model::Mount& mount : service.volumes)
            if (mount.type == "image") references.insert(mount.source);
        for (const model::Hook& hook : service.pre_start)
            if (!hook.image.empty()) references.insert(hook.image);
    }
    return {references.begin(), references.end()};
}

void observe_images(engine::Engine& engine, const model::Project& project, ProjectState& state) {
    state.images.clear();
    for (const std::string& reference : image_references(project))
        if (auto image = engine.images().find(reference)) state.images.emplace(reference, std::move(*image));
}

bool apply(ProjectState& state, const engine::Event& event) {
    if (event.type != "container") return false;
    const auto found = std::find_if(state.containers.begin(), state.containers.end(),
                                    [&](const Container& container) { return container.id() == event.id; });
    if (found == state.containers.end()) return event.action != "create" && event.action != "start";
    engine::ContainerSummary& summary = found->summary;
    if (event.action == "destroy") {
        state.containers.erase(found);
    } else if (event.action == "start" || event.action == "unpause") {
        if (event.action == "start") summary.started = event.time;
        summary.state = engine::ContainerState::running;
        if (event.action == "start") return false;  // ports and addresses are new
    } else if (event.action == "pause") {
        summary.state = engine::ContainerState::paused;
    } else if (event.action == "die") {
        const auto code = event.attributes.find("exitCode");
        summary.state = engine::ContainerState::exited;
        summary.exit_code =
            code == event.attributes.end() ? 0 : static_cast<int>(base::to_int(code->second).value_or(0));
        summary.finished = event.time;
        summary.ports.clear();
    } else if (event.action.starts_with("health_status: ")) {
        const std::string_view word = std::string_view(event.action).substr(15);
        summary.health = word == "healthy"     ? engine::Health::healthy
                         : word == "unhealthy" ? engine::Health::unhealthy
                                               : engine::Health::starting;
    } else if (event.action == "rename") {
        return false;
    }
    return true;
}

}  // namespace tutti::state
