// The parts of container specs and summaries as tables of fields: mounts, ports, endpoints, devices, resources.
// Used by this room only, with spec.h.
// Not the Docker API's JSON (docker/wire has that).
#pragma once

#include "embedded/records/fields.h"
#include "engine/containers.h"

namespace tutti::embedded::records {

template <>
struct EnumTexts<engine::MountSpec::Type> {
    using Type = engine::MountSpec::Type;
    static constexpr std::pair<Type, const char*> all[] = {{Type::bind, "bind"},   {Type::volume, "volume"},
                                                           {Type::tmpfs, "tmpfs"}, {Type::image, "image"},
                                                           {Type::npipe, "npipe"}, {Type::cluster, "cluster"}};
};
}  // namespace tutti::embedded::records

// Found by argument-dependent look-up, so they live with the types that they describe.
namespace tutti::engine {

void describe(auto&& visit, const MountSpec*) {
    using M = MountSpec;
    visit("type", &M::type);
    visit("source", &M::source);
    visit("target", &M::target);
    visit("read_only", &M::read_only);
    visit("consistency", &M::consistency);
    visit("propagation", &M::propagation);
    visit("create_host_path", &M::create_host_path);
    visit("recursive", &M::recursive);
    visit("selinux", &M::selinux);
    visit("no_copy", &M::no_copy);
    visit("subpath", &M::subpath);
    visit("volume_labels", &M::volume_labels);
    visit("driver", &M::driver);
    visit("driver_opts", &M::driver_opts);
    visit("tmpfs_size", &M::tmpfs_size);
    visit("tmpfs_mode", &M::tmpfs_mode);
    visit("tmpfs_options", &M::tmpfs_options);
}
void describe(auto&& visit, const PortSpec*) {
    visit("host_ip", &PortSpec::host_ip);
    visit("host_port", &PortSpec::host_port);
    visit("container_port", &PortSpec::container_port);
    visit("protocol", &PortSpec::protocol);
}
void describe(auto&& visit, const EndpointSpec*) {
    using E = EndpointSpec;
    visit("network", &E::network);
    visit("aliases", &E::aliases);
    visit("links", &E::links);
    visit("link_local_ips", &E::link_local_ips);
    visit("ipv4_address", &E::ipv4_address);
    visit("ipv6_address", &E::ipv6_address);
    visit("mac_address", &E::mac_address);
    visit("interface_name", &E::interface_name);
    visit("driver_opts", &E::driver_opts);
    visit("gw_priority", &E::gw_priority);
    visit("priority", &E::priority);
}
void describe(auto&& visit, const DeviceSpec*) {
    visit("host_path", &DeviceSpec::host_path);
    visit("container_path", &DeviceSpec::container_path);
    visit("permissions", &DeviceSpec::permissions);
}
void describe(auto&& visit, const DeviceRequest*) {
    visit("driver", &DeviceRequest::driver);
    visit("count", &DeviceRequest::count);
    visit("device_ids", &DeviceRequest::device_ids);
    visit("capabilities", &DeviceRequest::capabilities);
    visit("options", &DeviceRequest::options);
}
void describe(auto&& visit, const Ulimit*) {
    visit("name", &Ulimit::name);
    visit("soft", &Ulimit::soft);
    visit("hard", &Ulimit::hard);
}
void describe(auto&& visit, const DeviceRate*) {
    visit("path", &DeviceRate::path);
    visit("rate", &DeviceRate::rate);
}
void describe(auto&& visit, const Resources*) {
    using R = Resources;
    visit("nano_cpus", &R::nano_cpus);
    visit("cpu_shares", &R::cpu_shares);
    visit("cpu_quota", &R::cpu_quota);
    visit("cpu_period", &R::cpu_period);
    visit("cpu_rt_period", &R::cpu_rt_period);
    visit("cpu_rt_runtime", &R::cpu_rt_runtime);
    visit("cpuset_cpus", &R::cpuset_cpus);
    visit("cpuset_mems", &R::cpuset_mems);
    visit("memory", &R::memory);
    visit("memory_reservation", &R::memory_reservation);
    visit("memory_swap", &R::memory_swap);
    visit("memory_swappiness", &R::memory_swappiness);
    visit("pids_limit", &R::pids_limit);
    visit("oom_kill_disable", &R::oom_kill_disable);
    visit("blkio_weight", &R::blkio_weight);
    visit("blkio_weight_device", &R::blkio_weight_device);
    visit("blkio_read_bps", &R::blkio_read_bps);
    visit("blkio_write_bps", &R::blkio_write_bps);
    visit("blkio_read_iops", &R::blkio_read_iops);
    visit("blkio_write_iops", &R::blkio_write_iops);
    visit("ulimits", &R::ulimits);
}
void describe(auto&& visit, const PublishedPort*) {
    visit("host_ip", &PublishedPort::host_ip);
    visit("host_port", &PublishedPort::host_port);
    visit("container_port", &PublishedPort::container_port);
    visit("protocol", &PublishedPort::protocol);
}
void describe(auto&& visit, const Endpoint*) {
    using E = Endpoint;
    visit("network", &E::network);
    visit("network_id", &E::network_id);
    visit("endpoint_id", &E::endpoint_id);
    visit("ipv4_address", &E::ipv4_address);
    visit("ipv4_prefix", &E::ipv4_prefix);
    visit("ipv6_address", &E::ipv6_address);
    visit("ipv6_prefix", &E::ipv6_prefix);
    visit("gateway", &E::gateway);
    visit("ipv6_gateway", &E::ipv6_gateway);
    visit("mac_address", &E::mac_address);
    visit("interface_name", &E::interface_name);
    visit("aliases", &E::aliases);
    visit("dns_names", &E::dns_names);
}
void describe(auto&& visit, const MountPoint*) {
    using M = MountPoint;
    visit("type", &M::type);
    visit("name", &M::name);
    visit("source", &M::source);
    visit("destination", &M::destination);
    visit("driver", &M::driver);
    visit("mode", &M::mode);
    visit("propagation", &M::propagation);
    visit("read_write", &M::read_write);
}
void describe(auto&& visit, const ProbeResult*) {
    visit("start", &ProbeResult::start);
    visit("end", &ProbeResult::end);
    visit("exit_code", &ProbeResult::exit_code);
    visit("output", &ProbeResult::output);
}

}  // namespace tutti::engine
