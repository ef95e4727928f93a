// What to create: a container in the engine's own words, complete, free of Compose. The meaning of each field is that
// of the Docker Engine API's ContainerCreate (Config, HostConfig, NetworkingConfig); a field left alone means the
// image's or engine's default.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/values.h"

namespace tutti::engine {

struct MountSpec {
    enum class Type { bind, volume, tmpfs, image, npipe, cluster };
    Type type = Type::volume;
    std::string source;  // bind: host path; volume: name, empty: anonymous; image: reference
    std::string target;  // absolute path inside
    bool read_only = false;
    std::string consistency;
    // bind
    std::string propagation;  // private, rprivate, shared, rshared, slave, rslave; empty: rprivate
    bool create_host_path = false;
    std::string recursive;  // enabled, disabled, writable, readonly
    std::string selinux;    // z, Z
    // volume
    bool no_copy = false;
    std::string subpath;  // volume and image
    Labels volume_labels;
    std::string driver;  // of an anonymous or not yet existing volume
    Options driver_opts;
    // tmpfs
    std::int64_t tmpfs_size = 0;   // bytes; 0: unlimited
    std::uint32_t tmpfs_mode = 0;  // 0: 01777
    std::string tmpfs_options;     // as given to --tmpfs PATH:OPTIONS
    bool operator==(const MountSpec&) const = default;
};

struct PortSpec {
    std::string host_ip;    // empty: all addresses, IPv4 and IPv6
    std::string host_port;  // "8080", a range "8000-8010" to draw from, empty: ephemeral
    std::uint16_t container_port = 0;
    std::string protocol = "tcp";  // tcp, udp, sctp
    bool operator==(const PortSpec&) const = default;
};

struct EndpointSpec {
    std::string network;  // name or id
    std::vector<std::string> aliases, links, link_local_ips;
    std::string ipv4_address, ipv6_address, mac_address, interface_name;
    Options driver_opts;
    int gw_priority = 0;
    int priority = 0;  // order of connection, highest first
    bool operator==(const EndpointSpec&) const = default;
};

struct DeviceSpec {
    std::string host_path, container_path, permissions = "rwm";
    bool operator==(const DeviceSpec&) const = default;
};

struct DeviceRequest {  // GPUs and CDI
    std::string driver;
    std::int64_t count = 0;  // -1: all
    std::vector<std::string> device_ids;
    std::vector<std::vector<std::string>> capabilities;
    Options options;
    bool operator==(const DeviceRequest&) const = default;
};

struct Ulimit {
    std::string name;
    std::int64_t soft = 0, hard = 0;  // -1: unlimited
    bool operator==(const Ulimit&) const = default;
};

struct DeviceRate {
    std::string path;
    std::uint64_t rate = 0;
    bool operator==(const DeviceRate&) const = default;
};

struct Resources {
    std::int64_t nano_cpus = 0;  // 10^9 = one CPU
    std::int64_t cpu_shares = 0, cpu_quota = 0, cpu_period = 0, cpu_rt_period = 0, cpu_rt_runtime = 0;
    std::string cpuset_cpus, cpuset_mems;
    std::int64_t memory = 0, memory_reservation = 0, memory_swap = 0;  // bytes; memory_swap -1: unlimited
    std::optional<std::int64_t> memory_swappiness;
    std::optional<std::int64_t> pids_limit;
    bool oom_kill_disable = false;
    std::uint16_t blkio_weight = 0;
    std::vector<DeviceRate> blkio_weight_device, blkio_read_bps, blkio_write_bps, blkio_read_iops, blkio_write_iops;
    std::vector<Ulimit> ulimits;
    bool operator==(const Resources&) const = default;
};

struct RestartPolicy {
    enum class Kind { no, always, on_failure, unless_stopped };
    Kind kind = Kind::no;
    int max_retries = 0;  // on_failure; 0: no limit
    bool operator==(const RestartPolicy&) const = default;
};

// A file put into the container before it starts (configs and secrets with content); lives on a tmpfs or in the
// container, never in the image.
struct FileSpec {
    std::string target;  // absolute path inside
    std::string content;
    std::uint32_t mode = 0444;
    std::string uid, gid;  // numbers or names of the image; empty: 0
    bool operator==(const FileSpec&) const = default;
};

struct ContainerSpec {
    std::string name;   // empty: the engine makes one up
    std::string image;  // reference or id
    std::string platform;
    // process
    std::optional<std::vector<std::string>> entrypoint, command;  // nothing: the image's; an empty list clears it
    std::vector<std::string> env;                                 // "K=V"; "K" alone removes the image's K
    std::string user, working_dir, hostname, domain_name, stop_signal;
    std::optional<int> stop_timeout;  // seconds
    bool tty = false, open_stdin = false, stdin_once = false;
    bool attach_stdin = false, attach_stdout = false, attach_stderr = false;
    std::optional<bool> init;
    std::optional<HealthCheck> health_check;
    Labels labels;
    Options annotations;
    RestartPolicy restart;
    bool auto_remove = false;
    // storage
    std::vector<MountSpec> mounts;
    std::vector<std::string> volumes_from;  // "container[:ro|rw]"
    std::vector<FileSpec> files;
    bool read_only = false;
    std::int64_t shm_size = 0;  // bytes; 0: 64 MiB
    Options storage_opt;
    std::string volume_driver;
    // network
    std::string network_mode;  // "", none, host, bridge, container:NAME, or a network's name: the first endpoint
    std::vector<EndpointSpec> endpoints;     // in order of connection
    std::vector<PortSpec> ports;             // published
    std::vector<std::string> exposed_ports;  // "80/tcp", "8000-8010/udp"
    bool publish_all = false;
    std::vector<std::string> dns, dns_search, dns_options, extra_hosts,
        links;  // extra_hosts: "name:ip", host-gateway allowed
    std::string mac_address;
    // rights
    bool privileged = false;
    std::vector<std::string> cap_add, cap_drop, security_opt, group_add, device_cgroup_rules;
    std::vector<DeviceSpec> devices;
    std::vector<DeviceRequest> device_requests;
    Options sysctls;
    std::string cgroup_mode, cgroup_parent, ipc_mode, pid_mode, uts_mode, userns_mode, runtime, isolation;
    Resources resources;
    int oom_score_adj = 0;
    // log
    std::string log_driver;  // empty: json-file
    Options log_options;
    bool operator==(const ContainerSpec&) const = default;
};

}  // namespace tutti::engine
