#include "embedded/runtime/native/limits.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace tutti::embedded::runtime::native {

using base::cat;

namespace {

class Folders {
  public:
    explicit Folders(const Hierarchies& hierarchies) : hierarchies_(hierarchies) {}

    // The folder that has the controller; throws if the machine has none.
    CgroupFolder& with(std::string_view controller) {
        const Hierarchy* hierarchy = hierarchies_.with(controller);
        if (!hierarchy)
            throw base::Error(base::ErrorKind::unsupported,
                              cat("this machine's cgroups have no controller \"", controller, "\""),
                              "leave the limit out, or enable the controller in the kernel");
        return of(*hierarchy);
    }
    CgroupFolder& of(const Hierarchy& hierarchy) {
        for (CgroupFolder& folder : out)
            if (folder.hierarchy == &hierarchy) return folder;
        out.push_back({&hierarchy, {}});
        return out.back();
    }
    // One limit, under its name in v1 or in v2; an empty name: there is no such file in that version.
    void set(std::string_view controller, std::string_view v1, std::string_view v2, std::string v1_value,
             std::string v2_value, bool optional = false) {
        CgroupFolder& folder = with(controller);
        const bool two = folder.hierarchy->version == 2;
        const std::string_view file = two ? v2 : v1;
        if (!file.empty())
            folder.settings.push_back({std::string(file), two ? std::move(v2_value) : std::move(v1_value), optional});
    }

    std::vector<CgroupFolder> out;

  private:
    const Hierarchies& hierarchies_;
};

std::string number(std::int64_t value) { return std::to_string(value); }
std::string or_max(std::int64_t value) { return value < 0 ? "max" : std::to_string(value); }

void lower_memory(const MemoryResources& memory, Folders& folders) {
    const auto limit = [&] {
        if (memory.limit)
            folders.set("memory", "memory.limit_in_bytes", "memory.max", number(*memory.limit), or_max(*memory.limit));
    };
    const auto swap = [&] {
        if (!memory.swap || *memory.swap == 0) return;
        // v1 counts memory and swap together, v2 swap alone
        const std::int64_t alone =
            *memory.swap < 0 ? -1 : *memory.swap - std::max<std::int64_t>(memory.limit.value_or(0), 0);
        folders.set("memory", "memory.memsw.limit_in_bytes", "memory.swap.max", number(*memory.swap), or_max(alone),
                    true);
    };
    // v1 keeps limit ≤ memsw at each moment: the one that grows goes first. A fresh folder has no limit at all.
    if (memory.limit && *memory.limit < 0)
        swap(), limit();
    else
        limit(), swap();
    if (memory.reservation)
        folders.set("memory", "memory.soft_limit_in_bytes", "memory.low", number(*memory.reservation),
                    or_max(*memory.reservation));
    if (memory.kernel_tcp) folders.set("memory", "memory.kmem.tcp.limit_in_bytes", "", number(*memory.kernel_tcp), {});
    if (memory.swappiness) folders.set("memory", "memory.swappiness", "", std::to_string(*memory.swappiness), {});
    if (memory.disable_oom_killer)
        folders.set("memory", "memory.oom_control", "", *memory.disable_oom_killer ? "1" : "0", {});
}

void lower_cpu(const CpuResources& cpu, Folders& folders) {
    if (cpu.shares && *cpu.shares != 0) {
        const std::uint64_t shares = std::clamp<std::uint64_t>(*cpu.shares, 2, 262144);
        folders.set("cpu", "cpu.shares", "cpu.weight", std::to_string(*cpu.shares),
                    std::to_string(1 + (shares - 2) * 9999 / 262142));
    }
    const Hierarchy* hierarchy = nullptr;
    if (cpu.quota || cpu.period) hierarchy = folders.with("cpu").hierarchy;
    if (hierarchy && hierarchy->version == 2) {
        const std::string period = std::to_string(cpu.period.value_or(0) != 0 ? *cpu.period : 100000);
        folders.set("cpu", "", "cpu.max", {},
                    cat(cpu.quota && *cpu.quota > 0 ? number(*cpu.quota) : "max", ' ', period));
    } else {
        if (cpu.period && *cpu.period != 0)
            folders.set("cpu", "cpu.cfs_period_us", "", std::to_string(*cpu.period), {});
        if (cpu.quota && *cpu.quota != 0) folders.set("cpu", "cpu.cfs_quota_us", "", number(*cpu.quota), {});
    }
    if (cpu.burst)
        folders.set("cpu", "cpu.cfs_burst_us", "cpu.max.burst", std::to_string(*cpu.burst), std::to_string(*cpu.burst));
    if (cpu.realtime_period && *cpu.realtime_period != 0)
        folders.set("cpu", "cpu.rt_period_us", "", std::to_string(*cpu.realtime_period), {});
    if (cpu.realtime_runtime && *cpu.realtime_runtime != 0)
        folders.set("cpu", "cpu.rt_runtime_us", "", number(*cpu.realtime_runtime), {});
    if (cpu.idle) folders.set("cpu", "cpu.idle", "cpu.idle", number(*cpu.idle), number(*cpu.idle));
    if (!cpu.cpus.empty()) folders.set("cpuset", "cpuset.cpus", "cpuset.cpus", cpu.cpus, cpu.cpus);
    if (!cpu.mems.empty()) folders.set("cpuset", "cpuset.mems", "cpuset.mems", cpu.mems, cpu.mems);
}

void lower_block_io(const BlockIoResources& io, Folders& folders, const Hierarchies& hierarchies) {
    const char* controller = hierarchies.with("blkio") ? "blkio" : "io";
    // Kernels without the CFQ or BFQ scheduler have no weights.
    if (io.weight && *io.weight != 0) {
        const std::string weight = std::to_string(*io.weight);
        folders.set(controller, "blkio.weight", "io.bfq.weight", weight, weight, true);
    }
    if (io.leaf_weight && *io.leaf_weight != 0)
        folders.set(controller, "blkio.leaf_weight", "", std::to_string(*io.leaf_weight), {}, true);
    for (const WeightDevice& device : io.weight_device)
        if (device.weight) {
            const std::string value = cat(device.major, ':', device.minor, ' ', *device.weight);
            folders.set(controller, "blkio.weight_device", "io.bfq.weight", value, value, true);
        }
    const auto throttle = [&](const std::vector<ThrottleDevice>& devices, std::string_view v1, std::string_view v2) {
        for (const ThrottleDevice& device : devices) {
            const std::string place = cat(device.major, ':', device.minor);
            folders.set(controller, v1, "io.max", cat(place, ' ', device.rate), cat(place, ' ', v2, '=', device.rate));
        }
    };
    throttle(io.read_bps, "blkio.throttle.read_bps_device", "rbps");
    throttle(io.write_bps, "blkio.throttle.write_bps_device", "wbps");
    throttle(io.read_iops, "blkio.throttle.read_iops_device", "riops");
    throttle(io.write_iops, "blkio.throttle.write_iops_device", "wiops");
}

std::string device_line(const DeviceRule& rule) {
    const auto part = [](const std::optional<std::int64_t>& value) {
        return !value || *value < 0 ? std::string("*") : std::to_string(*value);
    };
    if (rule.type.empty() || rule.type == "a") return "a";
    return cat(rule.type, ' ', part(rule.major), ':', part(rule.minor), ' ', rule.access.empty() ? "rwm" : rule.access);
}

void lower_devices(const std::vector<DeviceRule>& rules, Folders& folders, const Hierarchies& hierarchies) {
    const Hierarchy* hierarchy = hierarchies.with("devices");
    if (!hierarchy || hierarchy->version != 1) return;  // v2: a BPF program (device_filter.cpp)
    for (const DeviceRule& rule : rules)
        folders.of(*hierarchy)
            .settings.push_back({rule.allow ? "devices.allow" : "devices.deny", device_line(rule), false});
}

}  // namespace

std::vector<CgroupFolder> lower_resources(const Resources& resources, const Hierarchies& hierarchies, bool all) {
    Folders folders(hierarchies);
    if (all) {
        if (const Hierarchy* v2 = hierarchies.v2()) folders.of(*v2);
        for (const char* controller : {"memory", "cpuacct", "freezer"}) {
            const Hierarchy* hierarchy = hierarchies.with(controller);
            // cgroup v2 counts processor time, freezes and kills without any controller
            if (hierarchy && (std::string_view(controller) == "memory" || !hierarchies.v2())) folders.of(*hierarchy);
        }
    }
    if (!resources.devices.empty()) lower_devices(resources.devices, folders, hierarchies);
    if (resources.memory) lower_memory(*resources.memory, folders);
    if (resources.cpu) lower_cpu(*resources.cpu, folders);
    if (resources.pids_limit) {
        const std::string value = *resources.pids_limit > 0 ? number(*resources.pids_limit) : "max";
        folders.set("pids", "pids.max", "pids.max", value, value);
    }
    if (resources.block_io) lower_block_io(*resources.block_io, folders, hierarchies);
    for (const HugepageLimit& limit : resources.hugepage_limits) {
        const std::string value = std::to_string(limit.limit);
        folders.set("hugetlb", cat("hugetlb.", limit.page_size, ".limit_in_bytes"),
                    cat("hugetlb.", limit.page_size, ".max"), value, value);
    }
    if (!resources.unified.empty()) {
        if (!hierarchies.v2()) throw base::Error(base::ErrorKind::unsupported, "`unified` resources need cgroup v2");
        for (const auto& [file, value] : resources.unified) {
            if (file.find('/') != std::string::npos)
                throw base::Error(base::ErrorKind::invalid, cat("unified resource \"", file, "\" is not a file name"));
            folders.of(*hierarchies.v2()).settings.push_back({file, value, false});
        }
    }
    return std::move(folders.out);
}

}  // namespace tutti::embedded::runtime::native
