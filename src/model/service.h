// One service of a project, every attribute of the specification, complete and canonical. A value.
// Used by everything that plans, explains or renders.
// Not how it is written in a file: short forms are gone here.
#pragma once

#include "model/build.h"
#include "model/common.h"
#include "model/deploy.h"
#include "model/develop.h"
#include "model/files.h"
#include "model/network.h"
#include "model/volume.h"

namespace tutti::model {

struct Dependency {
    std::string condition;  // service_started, service_healthy, service_completed_successfully
    bool restart = false;
    bool required = false;
    Extensions extensions;

    bool operator==(const Dependency&) const = default;
};

struct Healthcheck {
    Texts test;  // CMD …, CMD-SHELL …, NONE
    std::optional<Duration> timeout, interval;
    std::optional<std::uint64_t> retries;
    std::optional<Duration> start_period, start_interval;
    bool disable = false;
    Extensions extensions;

    bool operator==(const Healthcheck&) const = default;
};

struct Logging {
    std::string driver;
    Mapping options;
    Extensions extensions;

    bool operator==(const Logging&) const = default;
};

struct EnvFile {
    std::string path;
    bool required = false;
    std::string format;  // empty or raw

    bool operator==(const EnvFile&) const = default;
};

struct Extends {
    std::string file, service;
    bool operator==(const Extends&) const = default;
};

struct Provider {
    std::string type;
    Named<Texts> options;
    Extensions extensions;

    bool operator==(const Provider&) const = default;
};

struct CredentialSpec {
    std::string config, file, registry;
    Extensions extensions;

    bool operator==(const CredentialSpec&) const = default;
};

struct ModelUse {
    std::string endpoint_var, model_var;
    Extensions extensions;

    bool operator==(const ModelUse&) const = default;
};

struct WeightDevice {
    std::string path;
    std::uint16_t weight = 0;

    bool operator==(const WeightDevice&) const = default;
};

struct ThrottleDevice {
    std::string path;
    Bytes rate;

    bool operator==(const ThrottleDevice&) const = default;
};

struct Blkio {
    std::uint16_t weight = 0;
    std::vector<WeightDevice> weight_device;
    std::vector<ThrottleDevice> device_read_bps, device_read_iops, device_write_bps, device_write_iops;
    Extensions extensions;

    bool operator==(const Blkio&) const = default;
};

struct Service {
    std::string name;
    Texts profiles;
    Mapping annotations;
    std::optional<bool> attach;
    Boxed<Build> build;
    Boxed<Develop> develop;
    Boxed<Blkio> blkio_config;
    Texts cap_add, cap_drop;
    std::string cgroup_parent, cgroup;
    std::int64_t cpu_count = 0;
    float cpu_percent = 0;
    std::int64_t cpu_period = 0, cpu_quota = 0, cpu_rt_period = 0, cpu_rt_runtime = 0;
    float cpus = 0;
    std::string cpuset;
    std::int64_t cpu_shares = 0;
    Command command;
    std::vector<FileReference> configs;
    std::string container_name;
    Boxed<CredentialSpec> credential_spec;
    Named<Dependency> depends_on;
    Boxed<Deploy> deploy;
    Texts device_cgroup_rules;
    std::vector<Device> devices;
    Texts dns, dns_opt, dns_search;
    std::string domainname;
    Command entrypoint;
    Boxed<Provider> provider;
    Environment environment;
    std::vector<EnvFile> env_file;
    Texts expose;
    Boxed<Extends> extends;
    Texts external_links;
    Hosts extra_hosts;
    Texts group_add;
    std::vector<DeviceRequest> gpus;
    std::string hostname;
    Boxed<Healthcheck> healthcheck;
    std::string image;
    std::optional<bool> init;
    std::string ipc, isolation;
    Mapping labels;
    Texts label_file, links;
    Boxed<Logging> logging;
    Bytes mem_limit, mem_reservation, memswap_limit, mem_swappiness;
    std::string mac_address;
    Named<std::optional<ModelUse>> models;
    std::string network_mode;
    Named<std::optional<Attachment>> networks;
    bool oom_kill_disable = false;
    std::int64_t oom_score_adj = 0;
    std::string pid;
    std::int64_t pids_limit = 0;
    std::string platform;
    std::vector<Port> ports;
    bool privileged = false;
    std::string pull_policy;
    bool read_only = false;
    std::string restart, runtime;
    std::optional<std::int64_t> scale;
    std::vector<FileReference> secrets;
    Texts security_opt;
    Bytes shm_size;
    bool stdin_open = false;
    std::optional<Duration> stop_grace_period;
    std::string stop_signal;
    Mapping storage_opt, sysctls;
    Texts tmpfs;
    bool tty = false;
    Named<Ulimit> ulimits;
    bool use_api_socket = false;
    std::string user, userns_mode, uts;
    std::vector<Mount> volumes;
    Texts volumes_from;
    std::string working_dir;
    std::vector<Hook> pre_start, post_start, pre_stop;
    Extensions extensions;

    // Containers wanted: `scale`, else `deploy.replicas`, else 1.
    std::int64_t replicas() const;
    bool operator==(const Service&) const = default;
};

}  // namespace tutti::model
