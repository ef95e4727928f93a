// engine::ContainerSpec as a table of fields: how it looks in config.json.
// Used by this room only.
// Not the Docker API's JSON (docker/wire has that).
#pragma once

#include "embedded/records/spec_parts.h"

namespace tutti::embedded::records {

template <>
struct EnumTexts<engine::RestartPolicy::Kind> {
    using Kind = engine::RestartPolicy::Kind;
    static constexpr std::pair<Kind, const char*> all[] = {{Kind::no, "no"},
                                                           {Kind::always, "always"},
                                                           {Kind::on_failure, "on-failure"},
                                                           {Kind::unless_stopped, "unless-stopped"}};
};

}  // namespace tutti::embedded::records

namespace tutti::engine {

void describe(auto&& visit, const RestartPolicy*) {
    visit("kind", &RestartPolicy::kind);
    visit("max_retries", &RestartPolicy::max_retries);
}
void describe(auto&& visit, const FileSpec*) {
    visit("target", &FileSpec::target);
    visit("content", &FileSpec::content);
    visit("mode", &FileSpec::mode);
    visit("uid", &FileSpec::uid);
    visit("gid", &FileSpec::gid);
}
void describe(auto&& visit, const HealthCheck*) {
    visit("test", &HealthCheck::test);
    visit("interval", &HealthCheck::interval);
    visit("timeout", &HealthCheck::timeout);
    visit("start_period", &HealthCheck::start_period);
    visit("start_interval", &HealthCheck::start_interval);
    visit("retries", &HealthCheck::retries);
}
void describe(auto&& visit, const ContainerSpec*) {
    using C = ContainerSpec;
    visit("name", &C::name);
    visit("image", &C::image);
    visit("platform", &C::platform);
    visit("entrypoint", &C::entrypoint);
    visit("command", &C::command);
    visit("env", &C::env);
    visit("user", &C::user);
    visit("working_dir", &C::working_dir);
    visit("hostname", &C::hostname);
    visit("domain_name", &C::domain_name);
    visit("stop_signal", &C::stop_signal);
    visit("stop_timeout", &C::stop_timeout);
    visit("tty", &C::tty);
    visit("open_stdin", &C::open_stdin);
    visit("stdin_once", &C::stdin_once);
    visit("attach_stdin", &C::attach_stdin);
    visit("attach_stdout", &C::attach_stdout);
    visit("attach_stderr", &C::attach_stderr);
    visit("init", &C::init);
    visit("health_check", &C::health_check);
    visit("labels", &C::labels);
    visit("annotations", &C::annotations);
    visit("restart", &C::restart);
    visit("auto_remove", &C::auto_remove);
    visit("mounts", &C::mounts);
    visit("volumes_from", &C::volumes_from);
    visit("files", &C::files);
    visit("read_only", &C::read_only);
    visit("shm_size", &C::shm_size);
    visit("storage_opt", &C::storage_opt);
    visit("volume_driver", &C::volume_driver);
    visit("network_mode", &C::network_mode);
    visit("endpoints", &C::endpoints);
    visit("ports", &C::ports);
    visit("exposed_ports", &C::exposed_ports);
    visit("publish_all", &C::publish_all);
    visit("dns", &C::dns);
    visit("dns_search", &C::dns_search);
    visit("dns_options", &C::dns_options);
    visit("extra_hosts", &C::extra_hosts);
    visit("links", &C::links);
    visit("mac_address", &C::mac_address);
    visit("privileged", &C::privileged);
    visit("cap_add", &C::cap_add);
    visit("cap_drop", &C::cap_drop);
    visit("security_opt", &C::security_opt);
    visit("group_add", &C::group_add);
    visit("device_cgroup_rules", &C::device_cgroup_rules);
    visit("devices", &C::devices);
    visit("device_requests", &C::device_requests);
    visit("sysctls", &C::sysctls);
    visit("cgroup_mode", &C::cgroup_mode);
    visit("cgroup_parent", &C::cgroup_parent);
    visit("ipc_mode", &C::ipc_mode);
    visit("pid_mode", &C::pid_mode);
    visit("uts_mode", &C::uts_mode);
    visit("userns_mode", &C::userns_mode);
    visit("runtime", &C::runtime);
    visit("isolation", &C::isolation);
    visit("resources", &C::resources);
    visit("oom_score_adj", &C::oom_score_adj);
    visit("log_driver", &C::log_driver);
    visit("log_options", &C::log_options);
}

}  // namespace tutti::engine
