// The table of a service and of its small parts, in the order in which Compose prints them.
#include "model/table.h"

namespace tutti::model {

namespace {

constexpr Field<Dependency> dependency_fields[] = {
    field<&Dependency::condition>("condition"),
    field<&Dependency::restart>("restart"),
    field<&Dependency::required>("required", always),
};

constexpr Field<Healthcheck> healthcheck_fields[] = {
    field<&Healthcheck::test, read_test>("test"),      field<&Healthcheck::timeout>("timeout"),
    field<&Healthcheck::interval>("interval"),         field<&Healthcheck::retries>("retries"),
    field<&Healthcheck::start_period>("start_period"), field<&Healthcheck::start_interval>("start_interval"),
    field<&Healthcheck::disable>("disable"),
};

constexpr Field<Logging> logging_fields[] = {
    field<&Logging::driver>("driver"),
    field<&Logging::options, read_options>("options"),
};

constexpr Field<EnvFile> env_file_fields[] = {
    field<&EnvFile::path>("path"),
    field<&EnvFile::required>("required", if_false),
    field<&EnvFile::format>("format"),
};

constexpr Field<Extends> extends_fields[] = {
    field<&Extends::file>("file"),
    field<&Extends::service>("service"),
};

constexpr Field<Provider> provider_fields[] = {
    field<&Provider::type>("type"),
    field<&Provider::options, read_multi_options>("options"),
};

constexpr Field<CredentialSpec> credential_spec_fields[] = {
    field<&CredentialSpec::config>("config"),
    field<&CredentialSpec::file>("file"),
    field<&CredentialSpec::registry>("registry"),
};

constexpr Field<ModelUse> model_use_fields[] = {
    field<&ModelUse::endpoint_var>("endpoint_var"),
    field<&ModelUse::model_var>("model_var"),
};

constexpr Field<WeightDevice> weight_device_fields[] = {
    field<&WeightDevice::path>("path", {.emit = Emit::always, .json_key = "Path"}),
    field<&WeightDevice::weight>("weight", {.emit = Emit::always, .json_key = "Weight"}),
};

constexpr Field<ThrottleDevice> throttle_device_fields[] = {
    field<&ThrottleDevice::path>("path", {.emit = Emit::always, .json_key = "Path"}),
    field<&ThrottleDevice::rate>("rate", {.emit = Emit::always, .json_key = "Rate"}),
};

constexpr Field<Blkio> blkio_fields[] = {
    field<&Blkio::weight>("weight"),
    field<&Blkio::weight_device>("weight_device"),
    field<&Blkio::device_read_bps>("device_read_bps"),
    field<&Blkio::device_read_iops>("device_read_iops"),
    field<&Blkio::device_write_bps>("device_write_bps"),
    field<&Blkio::device_write_iops>("device_write_iops"),
};

constexpr Field<Service> service_fields[] = {
    field<&Service::profiles>("profiles", not_hashed),
    field<&Service::annotations, read_mapping>("annotations"),
    field<&Service::attach>("attach"),
    field<&Service::build>("build", not_hashed),
    field<&Service::develop>("develop"),
    field<&Service::blkio_config>("blkio_config"),
    field<&Service::cap_add>("cap_add"),
    field<&Service::cap_drop>("cap_drop"),
    field<&Service::cgroup_parent>("cgroup_parent"),
    field<&Service::cgroup>("cgroup"),
    field<&Service::cpu_count>("cpu_count"),
    field<&Service::cpu_percent>("cpu_percent"),
    field<&Service::cpu_period>("cpu_period"),
    field<&Service::cpu_quota>("cpu_quota"),
    field<&Service::cpu_rt_period>("cpu_rt_period"),
    field<&Service::cpu_rt_runtime>("cpu_rt_runtime"),
    field<&Service::cpus>("cpus"),
    field<&Service::cpuset>("cpuset"),
    field<&Service::cpu_shares>("cpu_shares"),
    field<&Service::command, read_command>("command", json_always),
    field<&Service::configs>("configs"),
    field<&Service::container_name>("container_name"),
    field<&Service::credential_spec>("credential_spec"),
    field<&Service::depends_on>("depends_on", not_hashed),
    field<&Service::deploy>("deploy"),
    field<&Service::device_cgroup_rules>("device_cgroup_rules"),
    field<&Service::devices>("devices"),
    field<&Service::dns, read_text_or_list>("dns"),
    field<&Service::dns_opt>("dns_opt"),
    field<&Service::dns_search, read_text_or_list>("dns_search"),
    field<&Service::domainname>("domainname"),
    field<&Service::entrypoint, read_command>("entrypoint", json_always),
    field<&Service::provider>("provider"),
    field<&Service::environment, read_environment>("environment"),
    field<&Service::env_file>("env_file"),
    field<&Service::expose, read_numbers_as_text>("expose"),
    field<&Service::extends>("extends"),
    field<&Service::external_links>("external_links"),
    field<&Service::extra_hosts, read_hosts, write_hosts>("extra_hosts"),
    field<&Service::group_add>("group_add"),
    field<&Service::gpus>("gpus"),
    field<&Service::hostname>("hostname"),
    field<&Service::healthcheck>("healthcheck"),
    field<&Service::image>("image"),
    field<&Service::init>("init"),
    field<&Service::ipc>("ipc"),
    field<&Service::isolation>("isolation"),
    field<&Service::labels, read_mapping>("labels"),
    field<&Service::label_file>("label_file"),
    field<&Service::links>("links"),
    field<&Service::logging>("logging"),
    field<&Service::mem_limit>("mem_limit"),
    field<&Service::mem_reservation>("mem_reservation"),
    field<&Service::memswap_limit>("memswap_limit"),
    field<&Service::mem_swappiness>("mem_swappiness"),
    field<&Service::mac_address>("mac_address"),
    field<&Service::models>("models"),
    field<&Service::network_mode>("network_mode"),
    field<&Service::networks, read_attachments>("networks"),
    field<&Service::oom_kill_disable>("oom_kill_disable"),
    field<&Service::oom_score_adj>("oom_score_adj"),
    field<&Service::pid>("pid"),
    field<&Service::pids_limit>("pids_limit"),
    field<&Service::platform>("platform"),
    field<&Service::ports>("ports"),
    field<&Service::privileged>("privileged"),
    field<&Service::pull_policy>("pull_policy", not_hashed),
    field<&Service::read_only>("read_only"),
    field<&Service::restart>("restart"),
    field<&Service::runtime>("runtime"),
    field<&Service::scale>("scale", not_hashed),
    field<&Service::secrets>("secrets"),
    field<&Service::security_opt>("security_opt"),
    field<&Service::shm_size>("shm_size"),
    field<&Service::stdin_open>("stdin_open"),
    field<&Service::stop_grace_period>("stop_grace_period"),
    field<&Service::stop_signal>("stop_signal"),
    field<&Service::storage_opt, read_strict_options>("storage_opt"),
    field<&Service::sysctls, read_mapping>("sysctls"),
    field<&Service::tmpfs, read_text_or_list>("tmpfs"),
    field<&Service::tty>("tty"),
    field<&Service::ulimits>("ulimits"),
    field<&Service::use_api_socket>("use_api_socket"),
    field<&Service::user>("user"),
    field<&Service::userns_mode>("userns_mode"),
    field<&Service::uts>("uts"),
    field<&Service::volumes>("volumes"),
    field<&Service::volumes_from>("volumes_from"),
    field<&Service::working_dir>("working_dir"),
    field<&Service::pre_start>("pre_start"),
    field<&Service::post_start>("post_start"),
    field<&Service::pre_stop>("pre_stop"),
};

}  // namespace

template <>
std::span<const Field<Dependency>> fields() {
    return dependency_fields;
}
template <>
std::span<const Field<Healthcheck>> fields() {
    return healthcheck_fields;
}
template <>
std::span<const Field<Logging>> fields() {
    return logging_fields;
}
template <>
std::span<const Field<EnvFile>> fields() {
    return env_file_fields;
}
template <>
std::span<const Field<Extends>> fields() {
    return extends_fields;
}
template <>
std::span<const Field<Provider>> fields() {
    return provider_fields;
}
template <>
std::span<const Field<CredentialSpec>> fields() {
    return credential_spec_fields;
}
template <>
std::span<const Field<ModelUse>> fields() {
    return model_use_fields;
}
template <>
std::span<const Field<WeightDevice>> fields() {
    return weight_device_fields;
}
template <>
std::span<const Field<ThrottleDevice>> fields() {
    return throttle_device_fields;
}
template <>
std::span<const Field<Blkio>> fields() {
    return blkio_fields;
}
template <>
std::span<const Field<Service>> fields() {
    return service_fields;
}
}  // namespace tutti::model
