// What is to be done: a graph of steps, each with its cause and what must come before it. A value: printed, compared,
// shown by --dry-run and `plan`, and run once by plan/run.h.
// Made by reconcile and the smaller planners of this room. Does nothing itself.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/container_spec.h"
#include "engine/networks.h"
#include "engine/volumes.h"
#include "model/project.h"

namespace tutti::plan {

using Timeout = std::optional<std::chrono::seconds>;  // nothing: the container's own

struct PullImage {
    std::string reference, platform;
    bool quiet = false;
    bool may_fail = false;  // it can be built instead
};

struct CreateNetwork {
    std::string key;
    engine::NetworkSpec spec;
};
struct RemoveNetwork {
    std::string key, name;
    enum class InUse { fails, warns, stays };  // stays: as `down` leaves what others still use
    InUse in_use = InUse::fails;
};
struct ConnectNetwork {
    std::string network, container;
    engine::EndpointSpec endpoint;
};
struct DisconnectNetwork {
    std::string network, container;
};

struct CreateVolume {
    std::string key;
    engine::VolumeSpec spec;
};
struct RemoveVolume {
    std::string key, name;
    bool in_use_stays = false;
};
struct RemoveImage {
    std::string reference;
};

struct CreateContainer {
    engine::ContainerSpec spec;  // "service:NAME" in modes and volumes_from is resolved when the step runs
    int number = 0;
    std::shared_ptr<const model::Service> service;  // for the hash over the resolved references; and for hooks
    // Name of the container that stands for a service whose namespaces or volumes this one shares.
    std::map<std::string, std::string> lenders;
};
struct StartContainer {
    std::string name;
    bool unpause = false;
    std::shared_ptr<const model::Service> service;  // its post_start hooks; may be null
};
struct StopContainer {
    std::string id, name;
    Timeout timeout;
    std::shared_ptr<const model::Service> service;  // its pre_stop hooks; may be null
};
struct RestartContainer {
    std::string id, name;
    Timeout timeout;
    std::shared_ptr<const model::Service> service;
};
struct RemoveContainer {
    std::string id, name;
    bool volumes = false;  // anonymous ones too
    bool force = true;     // also when it runs
};
struct KillContainer {
    std::string id, name, signal;
};
struct PauseContainer {
    std::string id, name;
    bool pause = true;  // false: unpause
};
struct RenameContainer {
    std::string from, to;
};

// A pre_start hook: a container of its own that runs to its end.
struct RunPreStart {
    std::string container;  // whose volumes it sees
    std::size_t index = 0;
    engine::ContainerSpec spec;
    std::string service;
};

enum class Condition { running_or_healthy, healthy, completed };
struct WaitFor {
    std::string service;
    std::vector<std::string> containers;  // names
    Condition condition = Condition::healthy;
    bool required = true;
};

struct RunProvider {
    std::shared_ptr<const model::Service> service;
    std::string action = "up";
};

// Where many steps must be over before many others begin.
struct Milestone {
    std::string text;
};

using Step =
    std::variant<PullImage, CreateNetwork, RemoveNetwork, ConnectNetwork, DisconnectNetwork, CreateVolume, RemoveVolume,
                 CreateContainer, StartContainer, StopContainer, RestartContainer, RemoveImage, RemoveContainer,
                 KillContainer, PauseContainer, RenameContainer, RunPreStart, WaitFor, RunProvider, Milestone>;

using StepId = std::size_t;  // index into Plan::steps

struct Entry {
    Step step;
    std::string cause;          // why: "no existing container", "configuration changed: image"
    std::vector<StepId> after;  // what must be over before; always smaller than its own id
    std::string group;          // name of the container that is recreated by several steps, or empty
};

struct Plan {
    std::vector<Entry> steps;

    StepId add(Step step, std::string cause, std::vector<StepId> after = {}, std::string group = {});
    bool empty() const { return steps.empty(); }
};

std::string name_of(const Step& step);    // "Container demo-web-1", "Network demo_default": as progress shows it
std::string action_of(const Step& step);  // "create", "start", "wait until healthy"

// One line a step: "[1,2] -> #3 Container demo-web-1, create, no existing container".
std::string to_text(const Plan& plan);
// For people: + what comes, - what goes, ~ what is replaced, each with its cause; steps that follow from it are left
// out.
std::string to_diff(const Plan& plan);

}  // namespace tutti::plan
