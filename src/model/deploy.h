// The `deploy` section, resources and device requests (which `gpus` uses too).
// Used by service.h; replicas, limits, reservations and restart_policy have an effect, the rest is for swarm.
// Not the older per-service limits (mem_limit, cpus …): those are fields of Service.
#pragma once

#include "model/common.h"

namespace tutti::model {

struct DeviceRequest {
    Texts capabilities;
    std::string driver;
    std::int64_t count = 0;  // -1: all
    Texts device_ids;
    Mapping options;

    bool operator==(const DeviceRequest&) const = default;
};

struct DiscreteResource {
    std::string kind;
    std::int64_t value = 0;
    Extensions extensions;

    bool operator==(const DiscreteResource&) const = default;
};

struct GenericResource {
    Boxed<DiscreteResource> discrete_resource_spec;
    Extensions extensions;

    bool operator==(const GenericResource&) const = default;
};

struct Resource {
    float cpus = 0;
    Bytes memory;
    std::int64_t pids = 0;
    std::vector<DeviceRequest> devices;
    std::vector<GenericResource> generic_resources;
    Extensions extensions;

    bool operator==(const Resource&) const = default;
};

struct Resources {
    Boxed<Resource> limits, reservations;
    Extensions extensions;

    bool operator==(const Resources&) const = default;
};

struct UpdateConfig {
    std::optional<std::uint64_t> parallelism;
    Duration delay{};
    std::string failure_action;
    Duration monitor{};
    float max_failure_ratio = 0;
    std::string order;
    Extensions extensions;

    bool operator==(const UpdateConfig&) const = default;
};

struct RestartPolicy {
    std::string condition;
    std::optional<Duration> delay;
    std::optional<std::uint64_t> max_attempts;
    std::optional<Duration> window;
    Extensions extensions;

    bool operator==(const RestartPolicy&) const = default;
};

struct PlacementPreference {
    std::string spread;
    Extensions extensions;

    bool operator==(const PlacementPreference&) const = default;
};

struct Placement {
    Texts constraints;
    std::vector<PlacementPreference> preferences;
    std::uint64_t max_replicas_per_node = 0;
    Extensions extensions;

    bool operator==(const Placement&) const = default;
};

struct Deploy {
    std::string mode;
    std::optional<std::int64_t> replicas;
    Mapping labels;
    Boxed<UpdateConfig> update_config, rollback_config;
    Resources resources;
    Boxed<RestartPolicy> restart_policy;
    Placement placement;
    std::string endpoint_mode;
    Extensions extensions;

    bool operator==(const Deploy&) const = default;
};

}  // namespace tutti::model
