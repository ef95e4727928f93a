// The rules themselves. They follow the JSON schema of the Compose Specification as Docker Compose v5.5 ships it; each
// value with several spellings is one rule.
#include "compose/schema_rules.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tutti::compose {

namespace {

constexpr std::string_view container_name_pattern = "[a-zA-Z0-9][a-zA-Z0-9_.-]+";
constexpr std::string_view pull_policy_pattern =
    "always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+";

// Patterns are not anchored: a part that fits is enough.
bool is_container_name(std::string_view text) {
    const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const char next = text[i + 1];
        if (letter(text[i]) && (letter(next) || next == '_' || next == '.' || next == '-')) return true;
    }
    return false;
}

bool is_pull_policy(std::string_view text) {
    constexpr std::array<std::string_view, 8> words = {"always",  "never",   "build", "if_not_present",
                                                       "missing", "refresh", "daily", "weekly"};
    const auto contained = [text](std::string_view word) { return text.find(word) != std::string_view::npos; };
    if (std::any_of(words.begin(), words.end(), contained)) return true;
    for (std::size_t at = text.find("every_"); at != std::string_view::npos; at = text.find("every_", at + 1)) {
        const std::string_view rest = text.substr(at + 6);
        const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
        if (digits > 0 && digits < rest.size() &&
            std::string_view("wdhms").find(rest[digits]) != std::string_view::npos)
            return true;
    }
    return false;
}

constexpr Rule text_rule = {.types = string};
constexpr Rule string_set_rule = {.types = array, .items = &text_rule, .unique = true};
constexpr Rule string_or_set_rule = {.types = array | string, .items = &text_rule, .unique = true};
constexpr Rule scalar_rule = {.types = boolean | null_type | number | string};
constexpr Rule list_or_map_rule = {
    .types = array | mapping, .items = &text_rule, .unique = true, .names = Names::filled, .named = &scalar_rule};
constexpr Rule host_addresses_rule = {.types = array | string, .items = &text_rule};
constexpr Rule extra_hosts_rule = {.types = array | mapping,
                                   .items = &text_rule,
                                   .unique = true,
                                   .names = Names::filled,
                                   .named = &host_addresses_rule};
constexpr Rule whole_number_rule = {.types = integer | string};
constexpr Key ulimit_keys[] = {
    {"hard", &whole_number_rule},
    {"soft", &whole_number_rule},
};
constexpr std::string_view ulimit_required[] = {"soft", "hard"};
constexpr Rule ulimit_rule = {
    .types = integer | mapping | string, .keys = ulimit_keys, .names = Names::extension, .required = ulimit_required};
constexpr Rule ulimits_rule = {.types = mapping, .names = Names::lower, .named = &ulimit_rule, .open = true};
constexpr Rule any_number_rule = {.types = number | string};
constexpr Key file_reference_keys[] = {
    {"gid", &text_rule},    {"mode", &any_number_rule}, {"source", &text_rule},
    {"target", &text_rule}, {"uid", &text_rule},
};
constexpr Rule file_reference_rule = {
    .types = mapping | string, .keys = file_reference_keys, .names = Names::extension};
constexpr Rule file_references_rule = {.types = array, .items = &file_reference_rule};
constexpr Rule flag_rule = {.types = boolean | string};
constexpr Rule truth_rule = {.types = boolean};
constexpr Rule string_list_rule = {.types = array, .items = &text_rule};
constexpr Key external_keys[] = {
    {"name", &text_rule},
};
constexpr Rule external_rule = {.types = boolean | mapping | string, .keys = external_keys, .open = true};
constexpr Key config_keys[] = {
    {"content", &text_rule},       {"environment", &text_rule}, {"external", &external_rule},    {"file", &text_rule},
    {"labels", &list_or_map_rule}, {"name", &text_rule},        {"template_driver", &text_rule},
};
constexpr Rule config_rule = {.types = mapping, .keys = config_keys, .names = Names::extension};
constexpr Rule configs_rule = {.types = mapping, .names = Names::resource, .named = &config_rule};
constexpr Key include_entry_keys[] = {
    {"env_file", &string_or_set_rule},
    {"path", &string_or_set_rule},
    {"project_directory", &text_rule},
};
constexpr Rule include_entry_rule = {.types = mapping | string, .keys = include_entry_keys};
constexpr Rule include_rule = {.types = array, .items = &include_entry_rule};
constexpr Rule integer_rule = {.types = integer};
constexpr Key model_entry_keys[] = {
    {"context_size", &integer_rule},
    {"model", &text_rule},
    {"name", &text_rule},
    {"runtime_flags", &string_list_rule},
};
constexpr std::string_view model_entry_required[] = {"model"};
constexpr Rule model_entry_rule = {
    .types = mapping, .keys = model_entry_keys, .names = Names::extension, .required = model_entry_required};
constexpr Rule models_rule = {.types = mapping, .names = Names::resource, .named = &model_entry_rule, .open = true};
constexpr Rule driver_opts_rule = {.types = mapping, .names = Names::filled, .named = &any_number_rule, .open = true};
constexpr Key located_external_keys[] = {
    {"name", &text_rule},
};
constexpr Rule located_external_rule = {
    .types = boolean | mapping | string, .keys = located_external_keys, .names = Names::extension};
constexpr Rule string_map_rule = {.types = mapping, .names = Names::filled, .named = &text_rule};
constexpr Key pool_keys[] = {
    {"aux_addresses", &string_map_rule},
    {"gateway", &text_rule},
    {"ip_range", &text_rule},
    {"subnet", &text_rule},
};
constexpr Rule pool_rule = {.types = mapping, .keys = pool_keys, .names = Names::extension};
constexpr Rule pools_rule = {.types = array, .items = &pool_rule};
constexpr Key ipam_keys[] = {
    {"config", &pools_rule},
    {"driver", &text_rule},
    {"options", &string_map_rule},
};
constexpr Rule ipam_rule = {.types = mapping, .keys = ipam_keys, .names = Names::extension};
constexpr Key network_keys[] = {
    {"attachable", &flag_rule},  {"driver", &text_rule},      {"driver_opts", &driver_opts_rule},
    {"enable_ipv4", &flag_rule}, {"enable_ipv6", &flag_rule}, {"external", &located_external_rule},
    {"internal", &flag_rule},    {"ipam", &ipam_rule},        {"labels", &list_or_map_rule},
    {"name", &text_rule},
};
constexpr Rule network_rule = {.types = null_type | mapping, .keys = network_keys, .names = Names::extension};
constexpr Rule networks_rule = {.types = mapping, .names = Names::resource, .named = &network_rule, .open = true};
constexpr Key secret_keys[] = {
    {"driver", &text_rule},      {"driver_opts", &driver_opts_rule},
    {"environment", &text_rule}, {"external", &external_rule},
    {"file", &text_rule},        {"labels", &list_or_map_rule},
    {"name", &text_rule},        {"template_driver", &text_rule},
};
constexpr Rule secret_rule = {.types = mapping, .keys = secret_keys, .names = Names::extension};
constexpr Rule secrets_rule = {.types = mapping, .names = Names::resource, .named = &secret_rule};
constexpr Key rate_keys[] = {
    {"path", &text_rule},
    {"rate", &whole_number_rule},
};
constexpr Rule rate_rule = {.types = mapping, .keys = rate_keys};
constexpr Rule rates_rule = {.types = array, .items = &rate_rule};
constexpr Key weight_keys[] = {
    {"path", &text_rule},
    {"weight", &whole_number_rule},
};
constexpr Rule weight_rule = {.types = mapping, .keys = weight_keys};
constexpr Rule weights_rule = {.types = array, .items = &weight_rule};
constexpr Key blkio_config_keys[] = {
    {"device_read_bps", &rates_rule},   {"device_read_iops", &rates_rule}, {"device_write_bps", &rates_rule},
    {"device_write_iops", &rates_rule}, {"weight", &whole_number_rule},    {"weight_device", &weights_rule},
};
constexpr Rule blkio_config_rule = {.types = mapping, .keys = blkio_config_keys};
constexpr Key build_keys[] = {
    {"additional_contexts", &list_or_map_rule},
    {"args", &list_or_map_rule},
    {"cache_from", &string_list_rule},
    {"cache_to", &string_list_rule},
    {"context", &text_rule},
    {"dockerfile", &text_rule},
    {"dockerfile_inline", &text_rule},
    {"entitlements", &string_list_rule},
    {"extra_hosts", &extra_hosts_rule},
    {"isolation", &text_rule},
    {"labels", &list_or_map_rule},
    {"network", &text_rule},
    {"no_cache", &flag_rule},
    {"no_cache_filter", &string_or_set_rule},
    {"platforms", &string_list_rule},
    {"privileged", &flag_rule},
    {"provenance", &flag_rule},
    {"pull", &flag_rule},
    {"sbom", &flag_rule},
    {"secrets", &file_references_rule},
    {"shm_size", &whole_number_rule},
    {"ssh", &list_or_map_rule},
    {"tags", &string_list_rule},
    {"target", &text_rule},
    {"ulimits", &ulimits_rule},
};
constexpr Rule build_rule = {.types = mapping | string, .keys = build_keys, .names = Names::extension};
constexpr std::string_view cgroup_values[] = {"host", "private"};
constexpr Rule cgroup_rule = {.types = string, .one_of = cgroup_values};
constexpr Rule command_rule = {.types = array | null_type | string, .items = &text_rule};
constexpr Rule container_name_rule = {
    .types = string, .pattern = is_container_name, .pattern_text = container_name_pattern};
constexpr Rule cpu_count_rule = {.types = integer | string, .minimum = 0};
constexpr Rule cpu_percent_rule = {.types = integer | string, .minimum = 0, .maximum = 100};
constexpr Key credential_spec_keys[] = {
    {"config", &text_rule},
    {"file", &text_rule},
    {"registry", &text_rule},
};
constexpr Rule credential_spec_rule = {.types = mapping, .keys = credential_spec_keys, .names = Names::extension};
constexpr std::string_view condition_values[] = {"service_started", "service_healthy",
                                                 "service_completed_successfully"};
constexpr Rule condition_rule = {.types = string, .one_of = condition_values};
constexpr Key dependency_keys[] = {
    {"condition", &condition_rule},
    {"required", &truth_rule},
    {"restart", &flag_rule},
};
constexpr std::string_view dependency_required[] = {"condition"};
constexpr Rule dependency_rule = {
    .types = mapping, .keys = dependency_keys, .names = Names::extension, .required = dependency_required};
constexpr Rule depends_on_rule = {
    .types = array | mapping, .items = &text_rule, .unique = true, .names = Names::resource, .named = &dependency_rule};
constexpr Key preference_keys[] = {
    {"spread", &text_rule},
};
constexpr Rule preference_rule = {.types = mapping, .keys = preference_keys, .names = Names::extension};
constexpr Rule preferences_rule = {.types = array, .items = &preference_rule};
constexpr Key placement_keys[] = {
    {"constraints", &string_list_rule},
    {"max_replicas_per_node", &whole_number_rule},
    {"preferences", &preferences_rule},
};
constexpr Rule placement_rule = {.types = mapping, .keys = placement_keys, .names = Names::extension};
constexpr Key limits_keys[] = {
    {"cpus", &any_number_rule},
    {"memory", &text_rule},
    {"pids", &whole_number_rule},
};
constexpr Rule limits_rule = {.types = mapping, .keys = limits_keys, .names = Names::extension};
constexpr Key device_request_keys[] = {
    {"capabilities", &string_set_rule}, {"count", &whole_number_rule},
    {"device_ids", &string_set_rule},   {"driver", &text_rule},
    {"options", &list_or_map_rule},
};
constexpr std::string_view device_request_required[] = {"capabilities"};
constexpr Rule device_request_rule = {
    .types = mapping, .keys = device_request_keys, .names = Names::extension, .required = device_request_required};
constexpr Rule device_requests_rule = {.types = array, .items = &device_request_rule};
constexpr Key discrete_resource_spec_keys[] = {
    {"kind", &text_rule},
    {"value", &any_number_rule},
};
constexpr Rule discrete_resource_spec_rule = {
    .types = mapping, .keys = discrete_resource_spec_keys, .names = Names::extension};
constexpr Key generic_resource_keys[] = {
    {"discrete_resource_spec", &discrete_resource_spec_rule},
};
constexpr Rule generic_resource_rule = {.types = mapping, .keys = generic_resource_keys, .names = Names::extension};
constexpr Rule generic_resources_rule = {.types = array, .items = &generic_resource_rule};
constexpr Key reservations_keys[] = {
    {"cpus", &any_number_rule},
    {"devices", &device_requests_rule},
    {"generic_resources", &generic_resources_rule},
    {"memory", &text_rule},
};
constexpr Rule reservations_rule = {.types = mapping, .keys = reservations_keys, .names = Names::extension};
constexpr Key resources_keys[] = {
    {"limits", &limits_rule},
    {"reservations", &reservations_rule},
};
constexpr Rule resources_rule = {.types = mapping, .keys = resources_keys, .names = Names::extension};
constexpr Key restart_policy_keys[] = {
    {"condition", &text_rule},
    {"delay", &text_rule},
    {"max_attempts", &whole_number_rule},
    {"window", &text_rule},
};
constexpr Rule restart_policy_rule = {.types = mapping, .keys = restart_policy_keys, .names = Names::extension};
constexpr std::string_view order_values[] = {"start-first", "stop-first"};
constexpr Rule order_rule = {.types = string, .one_of = order_values};
constexpr Key update_config_keys[] = {
    {"delay", &text_rule},   {"failure_action", &text_rule}, {"max_failure_ratio", &any_number_rule},
    {"monitor", &text_rule}, {"order", &order_rule},         {"parallelism", &whole_number_rule},
};
constexpr Rule update_config_rule = {.types = mapping, .keys = update_config_keys, .names = Names::extension};
constexpr Key deploy_keys[] = {
    {"endpoint_mode", &text_rule},
    {"labels", &list_or_map_rule},
    {"mode", &text_rule},
    {"placement", &placement_rule},
    {"replicas", &whole_number_rule},
    {"resources", &resources_rule},
    {"restart_policy", &restart_policy_rule},
    {"rollback_config", &update_config_rule},
    {"update_config", &update_config_rule},
};
constexpr Rule deploy_rule = {.types = null_type | mapping, .keys = deploy_keys, .names = Names::extension};
constexpr std::string_view action_values[] = {"rebuild", "sync", "restart", "sync+restart", "sync+exec"};
constexpr Rule action_rule = {.types = string, .one_of = action_values};
constexpr Key hook_keys[] = {
    {"command", &command_rule}, {"environment", &list_or_map_rule}, {"privileged", &flag_rule},
    {"user", &text_rule},       {"working_dir", &text_rule},
};
constexpr std::string_view hook_required[] = {"command"};
constexpr Rule hook_rule = {.types = mapping, .keys = hook_keys, .names = Names::extension, .required = hook_required};
constexpr Key watch_entry_keys[] = {
    {"action", &action_rule},         {"exec", &hook_rule},          {"ignore", &string_or_set_rule},
    {"include", &string_or_set_rule}, {"initial_sync", &truth_rule}, {"path", &text_rule},
    {"target", &text_rule},
};
constexpr std::string_view watch_entry_required[] = {"path", "action"};
constexpr Rule watch_entry_rule = {
    .types = mapping, .keys = watch_entry_keys, .names = Names::extension, .required = watch_entry_required};
constexpr Rule watch_rule = {.types = array, .items = &watch_entry_rule};
constexpr Key develop_keys[] = {
    {"watch", &watch_rule},
};
constexpr Rule develop_rule = {.types = null_type | mapping, .keys = develop_keys, .names = Names::extension};
constexpr Key device_keys[] = {
    {"permissions", &text_rule},
    {"source", &text_rule},
    {"target", &text_rule},
};
constexpr std::string_view device_required[] = {"source"};
constexpr Rule device_rule = {
    .types = mapping | string, .keys = device_keys, .names = Names::extension, .required = device_required};
constexpr Rule devices_rule = {.types = array, .items = &device_rule};
constexpr Key env_file_entry_keys[] = {
    {"format", &text_rule},
    {"path", &text_rule},
    {"required", &flag_rule},
};
constexpr std::string_view env_file_entry_required[] = {"path"};
constexpr Rule env_file_entry_rule = {
    .types = mapping | string, .keys = env_file_entry_keys, .required = env_file_entry_required};
constexpr Rule env_file_rule = {.types = array | string, .items = &env_file_entry_rule};
constexpr Rule expose_rule = {.types = array, .items = &any_number_rule, .unique = true};
constexpr Key extends_keys[] = {
    {"file", &text_rule},
    {"service", &text_rule},
};
constexpr std::string_view extends_required[] = {"service"};
constexpr Rule extends_rule = {.types = mapping | string, .keys = extends_keys, .required = extends_required};
constexpr Key gpu_keys[] = {
    {"capabilities", &string_set_rule}, {"count", &whole_number_rule},
    {"device_ids", &string_set_rule},   {"driver", &text_rule},
    {"options", &list_or_map_rule},
};
constexpr Rule gpu_rule = {.types = mapping, .keys = gpu_keys, .open = true};
constexpr std::string_view gpus_values[] = {"all"};
constexpr Rule gpus_rule = {.types = array | string, .one_of = gpus_values, .items = &gpu_rule};
constexpr Key healthcheck_keys[] = {
    {"disable", &flag_rule},        {"interval", &text_rule},     {"retries", &any_number_rule},
    {"start_interval", &text_rule}, {"start_period", &text_rule}, {"test", &host_addresses_rule},
    {"timeout", &text_rule},
};
constexpr Rule healthcheck_rule = {.types = mapping, .keys = healthcheck_keys, .names = Names::extension};
constexpr Rule log_option_rule = {.types = null_type | number | string};
constexpr Rule log_options_rule = {.types = mapping, .names = Names::filled, .named = &log_option_rule, .open = true};
constexpr Key logging_keys[] = {
    {"driver", &text_rule},
    {"options", &log_options_rule},
};
constexpr Rule logging_rule = {.types = mapping, .keys = logging_keys, .names = Names::extension};
constexpr Key model_use_keys[] = {
    {"endpoint_var", &text_rule},
    {"model_var", &text_rule},
};
constexpr Rule model_use_rule = {.types = null_type | mapping, .keys = model_use_keys, .names = Names::extension};
constexpr Rule model_uses_rule = {.types = array | mapping,
                                  .items = &text_rule,
                                  .unique = true,
                                  .names = Names::resource,
                                  .named = &model_use_rule,
                                  .open = true};
constexpr Rule number_rule = {.types = number};
constexpr Key attachment_keys[] = {
    {"aliases", &string_set_rule},        {"driver_opts", &driver_opts_rule}, {"gw_priority", &number_rule},
    {"interface_name", &text_rule},       {"ipv4_address", &text_rule},       {"ipv6_address", &text_rule},
    {"link_local_ips", &string_set_rule}, {"mac_address", &text_rule},        {"priority", &number_rule},
};
constexpr Rule attachment_rule = {.types = null_type | mapping, .keys = attachment_keys, .names = Names::extension};
constexpr Rule attachments_rule = {
    .types = array | mapping, .items = &text_rule, .unique = true, .names = Names::resource, .named = &attachment_rule};
constexpr Rule oom_score_adj_rule = {.types = integer | string, .minimum = -1000, .maximum = 1000};
constexpr Rule pid_rule = {.types = null_type | string};
constexpr Key port_keys[] = {
    {"app_protocol", &text_rule},   {"host_ip", &text_rule},  {"mode", &text_rule},
    {"name", &text_rule},           {"protocol", &text_rule}, {"published", &whole_number_rule},
    {"target", &whole_number_rule},
};
constexpr Rule port_rule = {.types = number | mapping | string, .keys = port_keys, .names = Names::extension};
constexpr Rule ports_rule = {.types = array, .items = &port_rule, .unique = true};
constexpr Rule hooks_rule = {.types = array, .items = &hook_rule};
constexpr Key pre_start_hook_keys[] = {
    {"command", &command_rule},  {"environment", &list_or_map_rule}, {"image", &text_rule},
    {"per_replica", &flag_rule}, {"privileged", &flag_rule},         {"user", &text_rule},
    {"working_dir", &text_rule},
};
constexpr Rule pre_start_hook_rule = {.types = mapping, .keys = pre_start_hook_keys, .names = Names::extension};
constexpr Rule pre_start_rule = {.types = array, .items = &pre_start_hook_rule};
constexpr Rule provider_value_rule = {.types = boolean | number | string};
constexpr Rule provider_option_rule = {.types = array | boolean | number | string, .items = &provider_value_rule};
constexpr Rule provider_options_rule = {
    .types = mapping, .names = Names::filled, .named = &provider_option_rule, .open = true};
constexpr Key provider_keys[] = {
    {"options", &provider_options_rule},
    {"type", &text_rule},
};
constexpr std::string_view provider_required[] = {"type"};
constexpr Rule provider_rule = {
    .types = mapping, .keys = provider_keys, .names = Names::extension, .required = provider_required};
constexpr Rule pull_policy_rule = {.types = string, .pattern = is_pull_policy, .pattern_text = pull_policy_pattern};
constexpr Rule storage_opt_rule = {.types = mapping, .open = true};
constexpr std::string_view recursive_values[] = {"enabled", "disabled", "writable", "readonly"};
constexpr Rule recursive_rule = {.types = string, .one_of = recursive_values};
constexpr std::string_view selinux_values[] = {"z", "Z"};
constexpr Rule selinux_rule = {.types = string, .one_of = selinux_values};
constexpr Key mount_bind_keys[] = {
    {"create_host_path", &flag_rule},
    {"propagation", &text_rule},
    {"recursive", &recursive_rule},
    {"selinux", &selinux_rule},
};
constexpr Rule mount_bind_rule = {.types = mapping, .keys = mount_bind_keys, .names = Names::extension};
constexpr Key mount_image_keys[] = {
    {"subpath", &text_rule},
};
constexpr Rule mount_image_rule = {.types = mapping, .keys = mount_image_keys, .names = Names::extension};
constexpr Key mount_tmpfs_keys[] = {
    {"mode", &any_number_rule},
    {"size", &cpu_count_rule},
};
constexpr Rule mount_tmpfs_rule = {.types = mapping, .keys = mount_tmpfs_keys, .names = Names::extension};
constexpr std::string_view type_values[] = {"bind", "volume", "tmpfs", "cluster", "npipe", "image"};
constexpr Rule type_rule = {.types = string, .one_of = type_values};
constexpr Key mount_volume_keys[] = {
    {"labels", &list_or_map_rule},
    {"nocopy", &flag_rule},
    {"subpath", &text_rule},
};
constexpr Rule mount_volume_rule = {.types = mapping, .keys = mount_volume_keys, .names = Names::extension};
constexpr Key mount_keys[] = {
    {"bind", &mount_bind_rule},   {"consistency", &text_rule}, {"image", &mount_image_rule},
    {"read_only", &flag_rule},    {"source", &text_rule},      {"target", &text_rule},
    {"tmpfs", &mount_tmpfs_rule}, {"type", &type_rule},        {"volume", &mount_volume_rule},
};
constexpr std::string_view mount_required[] = {"type"};
constexpr Rule mount_rule = {
    .types = mapping | string, .keys = mount_keys, .names = Names::extension, .required = mount_required};
constexpr Rule mounts_rule = {.types = array, .items = &mount_rule, .unique = true};
constexpr Key service_keys[] = {
    {"annotations", &list_or_map_rule},
    {"attach", &flag_rule},
    {"blkio_config", &blkio_config_rule},
    {"build", &build_rule},
    {"cap_add", &string_set_rule},
    {"cap_drop", &string_set_rule},
    {"cgroup", &cgroup_rule},
    {"cgroup_parent", &text_rule},
    {"command", &command_rule},
    {"configs", &file_references_rule},
    {"container_name", &container_name_rule},
    {"cpu_count", &cpu_count_rule},
    {"cpu_percent", &cpu_percent_rule},
    {"cpu_period", &any_number_rule},
    {"cpu_quota", &any_number_rule},
    {"cpu_rt_period", &any_number_rule},
    {"cpu_rt_runtime", &any_number_rule},
    {"cpu_shares", &any_number_rule},
    {"cpus", &any_number_rule},
    {"cpuset", &text_rule},
    {"credential_spec", &credential_spec_rule},
    {"depends_on", &depends_on_rule},
    {"deploy", &deploy_rule},
    {"develop", &develop_rule},
    {"device_cgroup_rules", &string_set_rule},
    {"devices", &devices_rule},
    {"dns", &string_or_set_rule},
    {"dns_opt", &string_set_rule},
    {"dns_search", &string_or_set_rule},
    {"domainname", &text_rule},
    {"entrypoint", &command_rule},
    {"env_file", &env_file_rule},
    {"environment", &list_or_map_rule},
    {"expose", &expose_rule},
    {"extends", &extends_rule},
    {"external_links", &string_set_rule},
    {"extra_hosts", &extra_hosts_rule},
    {"gpus", &gpus_rule},
    {"group_add", &expose_rule},
    {"healthcheck", &healthcheck_rule},
    {"hostname", &text_rule},
    {"image", &text_rule},
    {"init", &flag_rule},
    {"ipc", &text_rule},
    {"isolation", &text_rule},
    {"label_file", &host_addresses_rule},
    {"labels", &list_or_map_rule},
    {"links", &string_set_rule},
    {"logging", &logging_rule},
    {"mac_address", &text_rule},
    {"mem_limit", &any_number_rule},
    {"mem_reservation", &whole_number_rule},
    {"mem_swappiness", &whole_number_rule},
    {"memswap_limit", &any_number_rule},
    {"models", &model_uses_rule},
    {"network_mode", &text_rule},
    {"networks", &attachments_rule},
    {"oom_kill_disable", &flag_rule},
    {"oom_score_adj", &oom_score_adj_rule},
    {"pid", &pid_rule},
    {"pids_limit", &any_number_rule},
    {"platform", &text_rule},
    {"ports", &ports_rule},
    {"post_start", &hooks_rule},
    {"pre_start", &pre_start_rule},
    {"pre_stop", &hooks_rule},
    {"privileged", &flag_rule},
    {"profiles", &string_set_rule},
    {"provider", &provider_rule},
    {"pull_policy", &pull_policy_rule},
    {"pull_refresh_after", &text_rule},
    {"read_only", &flag_rule},
    {"restart", &text_rule},
    {"runtime", &text_rule},
    {"scale", &whole_number_rule},
    {"secrets", &file_references_rule},
    {"security_opt", &string_set_rule},
    {"shm_size", &any_number_rule},
    {"stdin_open", &flag_rule},
    {"stop_grace_period", &text_rule},
    {"stop_signal", &text_rule},
    {"storage_opt", &storage_opt_rule},
    {"sysctls", &list_or_map_rule},
    {"tmpfs", &string_or_set_rule},
    {"tty", &flag_rule},
    {"ulimits", &ulimits_rule},
    {"use_api_socket", &truth_rule},
    {"user", &text_rule},
    {"userns_mode", &text_rule},
    {"uts", &text_rule},
    {"volumes", &mounts_rule},
    {"volumes_from", &string_set_rule},
    {"working_dir", &text_rule},
};
constexpr Rule service_rule = {.types = mapping, .keys = service_keys, .names = Names::extension};
constexpr Rule services_rule = {.types = mapping, .names = Names::resource, .named = &service_rule};
constexpr Key volume_keys[] = {
    {"driver", &text_rule},
    {"driver_opts", &driver_opts_rule},
    {"external", &located_external_rule},
    {"labels", &list_or_map_rule},
    {"name", &text_rule},
};
constexpr Rule volume_rule = {.types = null_type | mapping, .keys = volume_keys, .names = Names::extension};
constexpr Rule volumes_rule = {.types = mapping, .names = Names::resource, .named = &volume_rule};
constexpr Key model_keys[] = {
    {"configs", &configs_rule},   {"include", &include_rule},   {"models", &models_rule},
    {"name", &text_rule},         {"networks", &networks_rule}, {"secrets", &secrets_rule},
    {"services", &services_rule}, {"version", &text_rule},      {"volumes", &volumes_rule},
};
}  // namespace

const Rule model_rule = {.types = mapping, .keys = model_keys, .names = Names::extension};

}  // namespace tutti::compose
