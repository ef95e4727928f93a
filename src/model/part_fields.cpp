// The tables of the parts of a service that are sections themselves: build, deploy, develop, mounts, ports, networks.
#include "model/table.h"

namespace tutti::model {

namespace {

constexpr Field<Build> build_fields[] = {
    field<&Build::context>("context"),
    field<&Build::dockerfile>("dockerfile"),
    field<&Build::dockerfile_inline>("dockerfile_inline"),
    field<&Build::entitlements>("entitlements"),
    field<&Build::args, read_environment>("args"),
    field<&Build::provenance>("provenance"),
    field<&Build::sbom>("sbom"),
    field<&Build::ssh>("ssh"),
    field<&Build::labels, read_mapping>("labels"),
    field<&Build::cache_from, read_text_or_list>("cache_from"),
    field<&Build::cache_to, read_text_or_list>("cache_to"),
    field<&Build::no_cache>("no_cache"),
    field<&Build::no_cache_filter, read_text_or_list>("no_cache_filter"),
    field<&Build::additional_contexts, read_mapping>("additional_contexts"),
    field<&Build::pull>("pull"),
    field<&Build::extra_hosts, read_hosts, write_hosts>("extra_hosts"),
    field<&Build::isolation>("isolation"),
    field<&Build::network>("network"),
    field<&Build::target>("target"),
    field<&Build::secrets>("secrets"),
    field<&Build::shm_size>("shm_size"),
    field<&Build::tags, read_text_or_list>("tags"),
    field<&Build::ulimits>("ulimits"),
    field<&Build::platforms, read_text_or_list>("platforms"),
    field<&Build::privileged>("privileged"),
};

constexpr Field<DeviceRequest> device_request_fields[] = {
    field<&DeviceRequest::capabilities>("capabilities"),      field<&DeviceRequest::driver>("driver"),
    field<&DeviceRequest::count, read_device_count>("count"), field<&DeviceRequest::device_ids>("device_ids"),
    field<&DeviceRequest::options, read_mapping>("options"),
};

constexpr Field<DiscreteResource> discrete_resource_fields[] = {
    field<&DiscreteResource::kind>("kind", always),
    field<&DiscreteResource::value>("value", always),
};

constexpr Field<GenericResource> generic_resource_fields[] = {
    field<&GenericResource::discrete_resource_spec>("discrete_resource_spec"),
};

constexpr Field<Resource> resource_fields[] = {
    field<&Resource::cpus>("cpus"),
    field<&Resource::memory>("memory"),
    field<&Resource::pids>("pids"),
    field<&Resource::devices>("devices"),
    field<&Resource::generic_resources>("generic_resources"),
};

constexpr Field<Resources> resources_fields[] = {
    field<&Resources::limits>("limits"),
    field<&Resources::reservations>("reservations"),
};

constexpr Field<UpdateConfig> update_config_fields[] = {
    field<&UpdateConfig::parallelism>("parallelism"),
    field<&UpdateConfig::delay>("delay"),
    field<&UpdateConfig::failure_action>("failure_action"),
    field<&UpdateConfig::monitor>("monitor"),
    field<&UpdateConfig::max_failure_ratio>("max_failure_ratio"),
    field<&UpdateConfig::order>("order"),
};

constexpr Field<RestartPolicy> restart_policy_fields[] = {
    field<&RestartPolicy::condition>("condition"),
    field<&RestartPolicy::delay>("delay"),
    field<&RestartPolicy::max_attempts>("max_attempts"),
    field<&RestartPolicy::window>("window"),
};

constexpr Field<PlacementPreference> placement_preference_fields[] = {
    field<&PlacementPreference::spread>("spread"),
};

constexpr Field<Placement> placement_fields[] = {
    field<&Placement::constraints>("constraints"),
    field<&Placement::preferences>("preferences"),
    field<&Placement::max_replicas_per_node>("max_replicas_per_node"),
};

constexpr Field<Deploy> deploy_fields[] = {
    field<&Deploy::mode>("mode"),
    field<&Deploy::replicas>("replicas", not_hashed),
    field<&Deploy::labels, read_mapping>("labels"),
    field<&Deploy::update_config>("update_config"),
    field<&Deploy::rollback_config>("rollback_config"),
    field<&Deploy::resources>("resources", json_always),
    field<&Deploy::restart_policy>("restart_policy"),
    field<&Deploy::placement>("placement", json_always),
    field<&Deploy::endpoint_mode>("endpoint_mode"),
};

constexpr Field<Hook> hook_fields[] = {
    field<&Hook::command, read_command>("command", json_always),
    field<&Hook::image>("image"),
    field<&Hook::user>("user"),
    field<&Hook::privileged>("privileged"),
    field<&Hook::working_dir>("working_dir"),
    field<&Hook::environment, read_environment>("environment"),
    field<&Hook::per_replica>("per_replica"),
};

constexpr Field<WatchTrigger> watch_fields[] = {
    field<&WatchTrigger::path>("path", always),
    field<&WatchTrigger::action>("action", always),
    field<&WatchTrigger::target>("target"),
    field<&WatchTrigger::exec>("exec", json_always),
    field<&WatchTrigger::include>("include"),
    field<&WatchTrigger::ignore>("ignore"),
    field<&WatchTrigger::initial_sync>("initial_sync"),
};

constexpr Field<Develop> develop_fields[] = {
    field<&Develop::watch>("watch"),
};

constexpr Field<BindOptions> bind_fields[] = {
    field<&BindOptions::selinux>("selinux"),
    field<&BindOptions::propagation>("propagation"),
    field<&BindOptions::create_host_path>("create_host_path", if_false),
    field<&BindOptions::recursive>("recursive"),
};

constexpr Field<VolumeOptions> volume_options_fields[] = {
    field<&VolumeOptions::labels, read_mapping>("labels"),
    field<&VolumeOptions::nocopy>("nocopy"),
    field<&VolumeOptions::subpath>("subpath"),
};

constexpr Field<TmpfsOptions> tmpfs_fields[] = {
    field<&TmpfsOptions::size>("size"),
    field<&TmpfsOptions::mode>("mode"),
};

constexpr Field<ImageOptions> image_fields[] = {
    field<&ImageOptions::subpath>("subpath"),
};

constexpr Field<Mount> mount_fields[] = {
    field<&Mount::type>("type"),
    field<&Mount::source>("source"),
    field<&Mount::target>("target"),
    field<&Mount::read_only>("read_only"),
    field<&Mount::consistency>("consistency"),
    field<&Mount::bind>("bind"),
    field<&Mount::volume>("volume"),
    field<&Mount::tmpfs>("tmpfs"),
    field<&Mount::image>("image"),
};

constexpr Field<Device> device_fields[] = {
    field<&Device::source>("source"),
    field<&Device::target>("target"),
    field<&Device::permissions>("permissions"),
};

constexpr Field<Attachment> attachment_fields[] = {
    field<&Attachment::aliases>("aliases"),
    field<&Attachment::driver_opts, read_options>("driver_opts"),
    field<&Attachment::gw_priority>("gw_priority"),
    field<&Attachment::interface_name>("interface_name"),
    field<&Attachment::ipv4_address>("ipv4_address"),
    field<&Attachment::ipv6_address>("ipv6_address"),
    field<&Attachment::link_local_ips>("link_local_ips"),
    field<&Attachment::mac_address>("mac_address"),
    field<&Attachment::priority>("priority"),
};

constexpr Field<Port> port_fields[] = {
    field<&Port::name>("name"),
    field<&Port::mode>("mode"),
    field<&Port::host_ip>("host_ip"),
    field<&Port::target>("target"),
    field<&Port::published>("published"),
    field<&Port::protocol>("protocol"),
    field<&Port::app_protocol>("app_protocol"),
};

}  // namespace

template <>
std::span<const Field<Build>> fields() {
    return build_fields;
}
template <>
std::span<const Field<DeviceRequest>> fields() {
    return device_request_fields;
}
template <>
std::span<const Field<DiscreteResource>> fields() {
    return discrete_resource_fields;
}
template <>
std::span<const Field<GenericResource>> fields() {
    return generic_resource_fields;
}
template <>
std::span<const Field<Resource>> fields() {
    return resource_fields;
}
template <>
std::span<const Field<Resources>> fields() {
    return resources_fields;
}
template <>
std::span<const Field<UpdateConfig>> fields() {
    return update_config_fields;
}
template <>
std::span<const Field<RestartPolicy>> fields() {
    return restart_policy_fields;
}
template <>
std::span<const Field<PlacementPreference>> fields() {
    return placement_preference_fields;
}
template <>
std::span<const Field<Placement>> fields() {
    return placement_fields;
}
template <>
std::span<const Field<Deploy>> fields() {
    return deploy_fields;
}
template <>
std::span<const Field<Hook>> fields() {
    return hook_fields;
}
template <>
std::span<const Field<WatchTrigger>> fields() {
    return watch_fields;
}
template <>
std::span<const Field<Develop>> fields() {
    return develop_fields;
}
template <>
std::span<const Field<BindOptions>> fields() {
    return bind_fields;
}
template <>
std::span<const Field<VolumeOptions>> fields() {
    return volume_options_fields;
}
template <>
std::span<const Field<TmpfsOptions>> fields() {
    return tmpfs_fields;
}
template <>
std::span<const Field<ImageOptions>> fields() {
    return image_fields;
}
template <>
std::span<const Field<Mount>> fields() {
    return mount_fields;
}
template <>
std::span<const Field<Device>> fields() {
    return device_fields;
}
template <>
std::span<const Field<Attachment>> fields() {
    return attachment_fields;
}
template <>
std::span<const Field<Port>> fields() {
    return port_fields;
}
}  // namespace tutti::model
