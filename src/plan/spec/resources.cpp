// Limits, devices and GPUs: the older keys of a service first, then those of `deploy`, which win.
#include "base/text.h"
#include "plan/spec/spec.h"

namespace tutti::plan::spec {
namespace {

// The model keeps what was written as a float; engines count in 10^-9.
std::int64_t nano(float cpus) { return static_cast<std::int64_t>(cpus * 1e9F); }

std::vector<engine::DeviceRate> rates(const std::vector<model::ThrottleDevice>& devices) {
    std::vector<engine::DeviceRate> all;
    for (const model::ThrottleDevice& device : devices)
        all.push_back({device.path, static_cast<std::uint64_t>(device.rate.count)});
    return all;
}

void add_block_io(const model::Blkio& blkio, engine::Resources& resources) {
    resources.blkio_weight = blkio.weight;
    for (const model::WeightDevice& device : blkio.weight_device)
        resources.blkio_weight_device.push_back({device.path, device.weight});
    resources.blkio_read_bps = rates(blkio.device_read_bps);
    resources.blkio_read_iops = rates(blkio.device_read_iops);
    resources.blkio_write_bps = rates(blkio.device_write_bps);
    resources.blkio_write_iops = rates(blkio.device_write_iops);
}

engine::DeviceRequest to_request(const model::DeviceRequest& device) {
    engine::DeviceRequest request;
    request.driver = device.driver;
    request.count = device.count;
    request.device_ids = device.device_ids;
    request.capabilities = {device.capabilities};
    request.options.insert(device.options.begin(), device.options.end());
    return request;
}

// "vendor.com/class=name": a device of the Container Device Interface.
bool is_cdi(const model::Device& device) {
    if (device.source != device.target) return false;
    const auto slash = device.source.find('/'), equals = device.source.find('=');
    return slash != std::string::npos && slash > 0 && equals != std::string::npos && slash < equals &&
           equals + 1 < device.source.size();
}

void add_devices(const model::Service& service, engine::ContainerSpec& spec) {
    engine::DeviceRequest cdi;
    cdi.driver = "cdi";
    for (const model::Device& device : service.devices) {
        if (is_cdi(device))
            cdi.device_ids.push_back(device.source);
        else
            spec.devices.push_back(
                {device.source, device.target, device.permissions.empty() ? "rwm" : device.permissions});
    }
    if (!cdi.device_ids.empty()) spec.device_requests.push_back(std::move(cdi));
    for (const model::DeviceRequest& gpu : service.gpus) {
        engine::DeviceRequest request = to_request(gpu);
        request.capabilities.front().emplace_back("gpu");
        spec.device_requests.push_back(std::move(request));
    }
}

}  // namespace

void add_resources(const model::Service& service, engine::ContainerSpec& spec) {
    engine::Resources& resources = spec.resources;
    resources.memory = service.mem_limit.count;
    resources.memory_swap = service.memswap_limit.count;
    resources.memory_reservation = service.mem_reservation.count;
    if (service.mem_swappiness.count != 0) resources.memory_swappiness = service.mem_swappiness.count;
    resources.oom_kill_disable = service.oom_kill_disable;
    resources.nano_cpus = nano(service.cpus);
    resources.cpu_period = service.cpu_period;
    resources.cpu_quota = service.cpu_quota;
    resources.cpu_rt_period = service.cpu_rt_period;
    resources.cpu_rt_runtime = service.cpu_rt_runtime;
    resources.cpu_shares = service.cpu_shares;
    resources.cpuset_cpus = service.cpuset;
    if (service.pids_limit != 0) resources.pids_limit = service.pids_limit;
    if (service.blkio_config) add_block_io(*service.blkio_config, resources);
    spec.oom_score_adj = static_cast<int>(service.oom_score_adj);
    if (service.deploy) {
        if (const auto& limits = service.deploy->resources.limits) {
            if (limits->memory) resources.memory = limits->memory.count;
            if (limits->cpus != 0) resources.nano_cpus = nano(limits->cpus);
            if (limits->pids > 0) resources.pids_limit = limits->pids;
        }
        if (const auto& reserved = service.deploy->resources.reservations) {
            if (reserved->memory) resources.memory_reservation = reserved->memory.count;
            for (const model::DeviceRequest& device : reserved->devices)
                spec.device_requests.push_back(to_request(device));
        }
    }
    add_devices(service, spec);
    for (const auto& [name, limit] : service.ulimits)
        resources.ulimits.push_back(
            {name, limit.soft ? limit.soft : limit.single, limit.hard ? limit.hard : limit.single});
}

}  // namespace tutti::plan::spec
