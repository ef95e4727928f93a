// The tables of the top-level sections: project, networks, volumes, secrets, configs, models.
#include "model/table.h"

namespace tutti::model {

namespace {

// The content of a secret is never printed, that of a config only if it was written in the file.
Named<FileObject> printable(const Named<FileObject>& objects, bool secret) {
    Named<FileObject> copy = objects;
    for (auto& [name, object] : copy)
        if (secret || !object.environment.empty()) object.content.clear();
    return copy;
}

doc::Node write_secrets(const Named<FileObject>& secrets, Shape shape) {
    return write(printable(secrets, true), shape);
}
doc::Node write_configs(const Named<FileObject>& configs, Shape shape) {
    return write(printable(configs, false), shape);
}

constexpr Field<Project> project_fields[] = {
    field<&Project::name>("name", json_always),
    field<&Project::services>("services", always),
    field<&Project::networks>("networks"),
    field<&Project::volumes>("volumes"),
    field<&Project::secrets, nullptr, write_secrets>("secrets"),
    field<&Project::configs, nullptr, write_configs>("configs"),
    field<&Project::models>("models"),
};

constexpr Field<AiModel> ai_model_fields[] = {
    field<&AiModel::name>("name"),
    field<&AiModel::model>("model"),
    field<&AiModel::context_size>("context_size"),
    field<&AiModel::runtime_flags>("runtime_flags"),
};

constexpr Field<FileObject> file_object_fields[] = {
    field<&FileObject::name>("name"),
    field<&FileObject::file>("file"),
    field<&FileObject::environment>("environment"),
    field<&FileObject::content>("content"),
    field<&FileObject::external>("external"),
    field<&FileObject::labels, read_mapping>("labels"),
    field<&FileObject::driver>("driver"),
    field<&FileObject::driver_opts, read_strict_options>("driver_opts"),
    field<&FileObject::template_driver>("template_driver"),
};

constexpr Field<FileReference> file_reference_fields[] = {
    field<&FileReference::source>("source"), field<&FileReference::target>("target"), field<&FileReference::uid>("uid"),
    field<&FileReference::gid>("gid"),       field<&FileReference::mode>("mode"),
};

constexpr Field<Volume> volume_fields[] = {
    field<&Volume::name>("name"),
    field<&Volume::driver>("driver"),
    field<&Volume::driver_opts, read_options>("driver_opts"),
    field<&Volume::external>("external"),
    field<&Volume::labels, read_mapping>("labels"),
};

constexpr Field<IpamPool> ipam_pool_fields[] = {
    field<&IpamPool::subnet>("subnet"),
    field<&IpamPool::gateway>("gateway"),
    field<&IpamPool::ip_range>("ip_range"),
    field<&IpamPool::aux_addresses, read_mapping>("aux_addresses"),
};

constexpr Field<Ipam> ipam_fields[] = {
    field<&Ipam::driver>("driver"),
    field<&Ipam::config>("config"),
    field<&Ipam::options, read_options>("options"),
};

constexpr Field<Network> network_fields[] = {
    field<&Network::name>("name"),
    field<&Network::driver>("driver"),
    field<&Network::driver_opts, read_options>("driver_opts"),
    field<&Network::ipam>("ipam", json_always),
    field<&Network::external>("external"),
    field<&Network::internal>("internal"),
    field<&Network::attachable>("attachable"),
    field<&Network::labels, read_mapping>("labels"),
    field<&Network::enable_ipv4>("enable_ipv4"),
    field<&Network::enable_ipv6>("enable_ipv6"),
};

}  // namespace

template <>
std::span<const Field<Project>> fields() {
    return project_fields;
}
template <>
std::span<const Field<AiModel>> fields() {
    return ai_model_fields;
}
template <>
std::span<const Field<FileObject>> fields() {
    return file_object_fields;
}
template <>
std::span<const Field<FileReference>> fields() {
    return file_reference_fields;
}
template <>
std::span<const Field<Volume>> fields() {
    return volume_fields;
}
template <>
std::span<const Field<IpamPool>> fields() {
    return ipam_pool_fields;
}
template <>
std::span<const Field<Ipam>> fields() {
    return ipam_fields;
}
template <>
std::span<const Field<Network>> fields() {
    return network_fields;
}

}  // namespace tutti::model
