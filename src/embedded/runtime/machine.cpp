#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "embedded/runtime/oci_config.h"
#include "os/file.h"

namespace tutti::embedded::runtime {

using base::cat;

// The highest number of "0-3,5" plus one.
static unsigned count_cpus(std::string_view ranges) {
    const auto last = ranges.find_last_of("-,");
    const auto highest = base::to_uint(base::trim(last == std::string_view::npos ? ranges : ranges.substr(last + 1)));
    return static_cast<unsigned>(highest.value_or(0)) + 1;
}

static std::uint64_t bounding_set() {
    const std::string status = os::read_file("/proc/self/status");
    const auto at = status.find("CapBnd:\t");
    if (at == std::string::npos) return 0;
    return base::to_uint(std::string_view(status).substr(at + 8, 16), 16).value_or(0);
}

Machine Machine::look() {
    Machine out;
    utsname name{};
    if (::uname(&name) == 0) out.architecture = name.machine;
    out.possible_cpus = count_cpus(os::read_file_if_exists("/sys/devices/system/cpu/possible").value_or("0"));
    for (unsigned cpu = 0; cpu < out.possible_cpus; ++cpu)
        if (std::string path = cat("/sys/devices/system/cpu/cpu", cpu, "/thermal_throttle"); os::exists(path))
            out.thermal_folders.push_back(std::move(path));
    const auto profiles = os::read_file_if_exists("/sys/kernel/security/apparmor/profiles");
    out.apparmor = profiles && profiles->find("docker-default") != std::string::npos;
    out.selinux = os::exists("/sys/fs/selinux/enforce");
    out.cgroup_v2 = os::exists("/sys/fs/cgroup/cgroup.controllers");
    out.time_namespace = os::exists("/proc/self/ns/time");
    out.capabilities = bounding_set();
    return out;
}

}  // namespace tutti::embedded::runtime
