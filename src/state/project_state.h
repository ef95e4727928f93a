// What IS of a project: a snapshot of its containers, networks, volumes and images, found by their labels.
// Read by reconcile, `ps`, the TUI and the web; kept fresh by apply(event).
// Decides nothing and changes nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "model/project.h"

namespace tutti::state {

// A container of a project, its labels read.
struct Container {
    engine::ContainerSummary summary;
    std::string project, service;
    int number = 0;  // 0: none (one-offs)
    bool one_off = false;

    const std::string& id() const { return summary.id; }
    const std::string& name() const { return summary.name; }
    std::string_view label(std::string_view key) const;  // empty when absent
    bool running() const { return summary.state == engine::ContainerState::running; }
    // "web-1": without the project when the name is the default one, as logs and messages show it.
    std::string short_name() const;
};
Container read(engine::ContainerSummary summary);

// A network or volume that plays the part `key` of a project.
struct Resource {
    std::string key, name, id;
    std::string config_hash;  // of the one who made it; empty: not known, or not ours to compare
    std::string owner;        // project that made it; empty: nobody's
    std::string driver;
    bool external = false;
};

struct ProjectState {
    std::string project;
    std::vector<Container> containers;            // services' and one-offs, by service and number
    std::vector<Container> hook_containers;       // left behind by failed pre_start hooks
    std::vector<Resource> networks, volumes;      // several may carry one key after a rename
    std::map<std::string, engine::Image> images;  // by the reference the project uses; not here: absent

    std::vector<const Container*> of_service(std::string_view service) const;  // no one-offs; by number
};

// With a project: also the resources that its files name but no label marks, the external ones, and the images of its
// services. Not there is no error here.
ProjectState observe(engine::Engine& engine, const model::Project& project);
// By labels alone.
ProjectState observe(engine::Engine& engine, const std::string& project);

// Only the containers, with one call: for `ps`, `logs`, `exec`. stopped: also those that do not run.
std::vector<Container> list_containers(engine::Engine& engine, const std::string& project, bool stopped);

// Looks once more for the images of the project (after a pull).
void observe_images(engine::Engine& engine, const model::Project& project, ProjectState& state);
// Every image that the project's containers are made from: services', image volumes', hooks'.
std::vector<std::string> image_references(const model::Project& project);
std::string image_of(const model::Service& service, std::string_view project);  // PROJECT-SERVICE when none is named

// Changes the snapshot as the event says. False: something is new, observe again.
bool apply(ProjectState& state, const engine::Event& event);

}  // namespace tutti::state
