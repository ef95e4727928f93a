#include "state/from_labels.h"

#include "base/text.h"
#include "state/labels.h"

namespace tutti::state {
namespace {

// "db:service_healthy:false,cache"
void read_dependencies(std::string_view text, model::Service& service) {
    if (text.empty()) return;
    for (const std::string_view entry : base::split(text, ',')) {
        const auto parts = base::split(entry, ':');
        model::Dependency dependency;
        dependency.condition = parts.size() > 1 ? std::string(parts[1]) : "running_or_healthy";
        dependency.restart = parts.size() > 2 ? parts[2] == "true" : true;
        dependency.required = false;
        service.depends_on.emplace(std::string(parts[0]), std::move(dependency));
    }
}

}  // namespace

model::Project project_from_labels(const ProjectState& state) {
    model::Project project;
    project.name = state.project;
    for (const Container& container : state.containers) {
        if (container.one_off) continue;
        const std::string name = container.service.empty() ? container.name() : container.service;
        model::Service& service = project.services[name];
        if (service.name.empty()) {
            service.name = name;
            service.image = container.summary.image;
            read_dependencies(container.label(label::depends_on), service);
        }
        service.scale = service.scale.value_or(0) + 1;
    }
    for (const Resource& network : state.networks) project.networks[network.key].name = network.name;
    for (const Resource& volume : state.volumes) project.volumes[volume.key].name = volume.name;
    return project;
}

}  // namespace tutti::state
