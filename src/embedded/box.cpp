#include "embedded/box.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "embedded/cdi.h"
#include "embedded/shim/program.h"
#include "embedded/wiring.h"
#include "os/file.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

[[noreturn]] static void unsupported(std::string message, std::string hint = {}) {
    throw Error(ErrorKind::unsupported, std::move(message), std::move(hint));
}

// --- logs

static constexpr std::int64_t usual_log_size = 16 << 20, local_log_size = 20 << 20;
static constexpr unsigned usual_log_files = 4, local_log_files = 5;

static bool keeps_log(const std::string& driver) {
    return driver.empty() || driver == "json-file" || driver == "local";
}

runtime::LogTo log_target(const engine::ContainerSpec& spec, const std::string& path) {
    runtime::LogTo log;
    if (spec.log_driver == "none") return log;
    if (!keeps_log(spec.log_driver))
        unsupported(cat("the logging driver ", spec.log_driver, " is not supported"), "json-file, local and none are");
    const bool local = spec.log_driver == "local";
    log.path = path;
    log.max_size = static_cast<std::uint64_t>(local ? local_log_size : usual_log_size);
    log.max_files = local ? local_log_files : usual_log_files;
    for (const auto& [key, value] : spec.log_options) {
        if (key == "max-size") {
            const auto size = value == "-1" ? base::Bytes{0} : base::parse_bytes(value).value_or(base::Bytes{-1});
            if (size.count < 0) throw Error(ErrorKind::invalid, cat("invalid value for max-size: ", value));
            log.max_size = static_cast<std::uint64_t>(size.count);
        } else if (key == "max-file") {
            const auto count = base::to_uint(value);
            if (!count || *count < 1) throw Error(ErrorKind::invalid, cat("invalid value for max-file: ", value));
            log.max_files = static_cast<unsigned>(*count);
        } else if (key == "compress") {
            // How full files are stored is no part of what can be read back: they are bounded by max-size × max-file.
        } else if (key != "mode" && key != "max-buffer-size") {  // a shim's write to its file never blocks a container
            unsupported(cat("the logging option ", key, " is not supported"));
        }
    }
    return log;
}

// --- limits

static std::pair<std::int64_t, std::int64_t> device_number(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) base::throw_errno(cat("looking at the device ", path));
    if (!S_ISBLK(info.st_mode)) throw Error(ErrorKind::invalid, cat(path, " is not a block device"));
    return {::major(info.st_rdev), ::minor(info.st_rdev)};
}

static std::vector<runtime::ThrottleDevice> throttle(const std::vector<engine::DeviceRate>& rates) {
    std::vector<runtime::ThrottleDevice> out;
    for (const auto& rate : rates) {
        const auto [major, minor] = device_number(rate.path);
        out.push_back({.major = major, .minor = minor, .rate = rate.rate});
    }
    return out;
}

static runtime::CpuResources cpu_of(const engine::Resources& in) {
    static constexpr std::uint64_t usual_period = 100'000;
    runtime::CpuResources cpu;
    if (in.cpu_shares > 0) cpu.shares = static_cast<std::uint64_t>(in.cpu_shares);
    if (in.cpu_period > 0) cpu.period = static_cast<std::uint64_t>(in.cpu_period);
    if (in.cpu_quota != 0) cpu.quota = in.cpu_quota;
    if (in.nano_cpus > 0) {
        cpu.period = cpu.period.value_or(usual_period);
        cpu.quota = in.nano_cpus * static_cast<std::int64_t>(*cpu.period) / 1'000'000'000;
    }
    if (in.cpu_rt_period > 0) cpu.realtime_period = static_cast<std::uint64_t>(in.cpu_rt_period);
    if (in.cpu_rt_runtime > 0) cpu.realtime_runtime = in.cpu_rt_runtime;
    cpu.cpus = in.cpuset_cpus;
    cpu.mems = in.cpuset_mems;
    return cpu;
}

static runtime::MemoryResources memory_of(const engine::Resources& in) {
    runtime::MemoryResources memory;
    if (in.memory > 0) memory.limit = in.memory;
    if (in.memory_reservation > 0) memory.reservation = in.memory_reservation;
    if (in.memory_swap != 0)
        memory.swap = in.memory_swap;
    else if (in.memory > 0)
        memory.swap = 2 * in.memory;  // Docker's rule: as much swap as memory
    if (in.memory_swappiness && *in.memory_swappiness >= 0)
        memory.swappiness = static_cast<std::uint64_t>(*in.memory_swappiness);
    if (in.oom_kill_disable) memory.disable_oom_killer = true;
    return memory;
}

runtime::Resources to_runtime(const engine::Resources& in) {
    runtime::Resources out;
    if (const auto cpu = cpu_of(in); !(cpu == runtime::CpuResources{})) out.cpu = cpu;
    if (const auto memory = memory_of(in); !(memory == runtime::MemoryResources{})) out.memory = memory;
    if (in.pids_limit && *in.pids_limit != 0) out.pids_limit = in.pids_limit;
    runtime::BlockIoResources io;
    if (in.blkio_weight != 0) io.weight = in.blkio_weight;
    for (const auto& weight : in.blkio_weight_device) {
        const auto [major, minor] = device_number(weight.path);
        io.weight_device.push_back({.major = major, .minor = minor, .weight = weight.rate});
    }
    io.read_bps = throttle(in.blkio_read_bps);
    io.write_bps = throttle(in.blkio_write_bps);
    io.read_iops = throttle(in.blkio_read_iops);
    io.write_iops = throttle(in.blkio_write_iops);
    if (!(io == runtime::BlockIoResources{})) out.block_io = std::move(io);
    return out;
}

// --- rights

static std::string seccomp_profile(const std::string& value) {
    if (value == "unconfined" || value == "builtin" || value.starts_with('{')) return value == "builtin" ? "" : value;
    return os::read_file(value);
}

static void apply_option(const std::string& option, runtime::BoxSecurity& security) {
    const auto at = option.find_first_of("=:");
    const std::string key = option.substr(0, at), value = at == std::string::npos ? "" : option.substr(at + 1);
    if (key == "no-new-privileges") {
        security.no_new_privileges = value.empty() || value == "true";
    } else if (key == "seccomp") {
        security.seccomp = seccomp_profile(value);
    } else if (key == "apparmor") {
        security.apparmor = value;
    } else if (key == "systempaths" && value == "unconfined") {
        security.system_paths_unconfined = true;
    } else if (key == "label") {
        if (value != "disable" && os::exists("/sys/fs/selinux/enforce"))
            unsupported(cat("security_opt label=", value, " is not supported"));
        // Without SELinux in the kernel a label means nothing, to Docker neither.
    } else {
        unsupported(cat("security_opt ", option, " is not supported"));
    }
}

static runtime::BoxSecurity security_of(const engine::ContainerSpec& spec) {
    runtime::BoxSecurity security;
    security.privileged = spec.privileged;
    security.cap_add = spec.cap_add;
    security.cap_drop = spec.cap_drop;
    for (const auto& option : spec.security_opt) apply_option(option, security);
    return security;
}

// --- namespaces

static int pid_of_running(Parts& parts, const std::string& name, std::string_view what) {
    const auto folder = parts.resolve(name);
    const auto state = folder.state();
    const int pid = state ? records::view(records::look(folder, *state)).pid : 0;
    if (pid == 0)
        throw Error(ErrorKind::conflict, cat("cannot join ", what, " namespace of a non running container: ", name));
    return pid;
}

static runtime::Share share_of(Parts& parts, const std::string& mode, std::string_view what, const char* file) {
    using Kind = runtime::Share::Kind;
    if (mode == "host") return {Kind::host, {}};
    if (mode.empty() || mode == "private" || mode == "shareable") return {};
    if (mode.starts_with("container:"))
        return {Kind::path, cat("/proc/", pid_of_running(parts, mode.substr(10), what), "/ns/", file)};
    unsupported(cat(what, " mode ", mode, " is not supported"));
}

static const std::vector<std::string>& cdi_folders() {
    static const std::vector<std::string> folders = {"/etc/cdi", "/var/run/cdi"};
    return folders;
}

void refuse_unsupported(const engine::ContainerSpec& spec) {
    if (!spec.isolation.empty() && spec.isolation != "default")
        unsupported(cat("isolation ", spec.isolation, " is not supported"));
    if (!spec.userns_mode.empty() && spec.userns_mode != "host")
        unsupported(cat("userns_mode ", spec.userns_mode, " is not supported"));
    if (!spec.storage_opt.empty())
        unsupported("storage_opt is not supported: it needs project quotas of the file system");
    if (!spec.volume_driver.empty() && spec.volume_driver != "local")
        unsupported(cat("volume driver ", spec.volume_driver, " is not supported"));
    for (const auto& request : spec.device_requests) cdi_names(request, cdi_folders());
    log_target(spec, "");
    security_of(spec);
    if (!spec.stop_signal.empty()) signal_number(spec.stop_signal);
}

// The other container's /dev/shm comes along with its IPC namespace.
static void share_memory(Parts& parts, const engine::ContainerSpec& spec, runtime::BoxRequest& request) {
    std::string source;
    if (spec.ipc_mode == "host") source = "/dev/shm";
    if (spec.ipc_mode.starts_with("container:"))
        source = cat("/proc/", pid_of_running(parts, spec.ipc_mode.substr(10), "ipc"), "/root/dev/shm");
    if (source.empty()) return;
    runtime::BoxMount mount;
    mount.source = std::move(source);
    mount.target = "/dev/shm";
    request.mounts.push_back(std::move(mount));
}

runtime::BoxRequest box_request(Parts& parts, const records::Config& config) {
    const auto& spec = config.spec;
    runtime::BoxRequest request;
    request.id = config.id;
    request.args = config.args;
    request.env = spec.env;
    request.cwd = spec.working_dir.empty() ? "/" : spec.working_dir;
    request.tty = spec.tty;
    request.init = spec.init.value_or(false);
    if (request.init) request.init_program = shim::shim_program_path(parts.paths().run);
    request.read_only = spec.read_only;
    request.shm_size = spec.shm_size;
    request.ipc = share_of(parts, spec.ipc_mode, "ipc", "ipc");
    request.pid = share_of(parts, spec.pid_mode, "pid", "pid");
    request.uts = share_of(parts, spec.uts_mode, "uts", "uts");
    request.cgroup = share_of(parts, spec.cgroup_mode, "cgroup", "cgroup");
    if (request.uts.kind == runtime::Share::Kind::own) {
        request.hostname = hostname_of(config);
        request.domainname = spec.domain_name;
    }
    share_memory(parts, spec, request);
    request.security = security_of(spec);
    for (const auto& device : spec.devices)
        request.devices.push_back({.host_path = device.host_path,
                                   .box_path = device.container_path.empty() ? device.host_path : device.container_path,
                                   .permissions = device.permissions.empty() ? "rwm" : device.permissions});
    std::vector<std::string> interface_devices;
    for (const auto& wanted : spec.device_requests)
        for (auto& name : cdi_names(wanted, cdi_folders())) interface_devices.push_back(std::move(name));
    add_cdi_devices(interface_devices, cdi_folders(), request);
    request.device_rules = spec.device_cgroup_rules;
    request.resources = to_runtime(spec.resources);
    for (const auto& limit : spec.resources.ulimits)
        request.ulimits.push_back({.name = limit.name, .soft = limit.soft, .hard = limit.hard});
    request.sysctls = spec.sysctls;
    if (spec.oom_score_adj != 0) request.oom_score_adj = spec.oom_score_adj;
    request.cgroup_parent = spec.cgroup_parent;
    request.annotations = spec.annotations;
    return request;
}

// --- signals

int signal_number(const std::string& text) {
    if (const auto number = base::to_uint(text); number && *number > 0 && *number < static_cast<unsigned>(NSIG))
        return static_cast<int>(*number);
    std::string name = text;
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (name.starts_with("SIG")) name.erase(0, 3);
    for (int number = 1; number < SIGRTMIN; ++number)
        if (const char* known = ::sigabbrev_np(number); known && name == known) return number;
    if (name == "IOT") return SIGABRT;
    if (name == "CLD") return SIGCHLD;
    const auto real_time = [&](std::string_view prefix, int base_number, int sign) -> int {
        if (!name.starts_with(prefix)) return 0;
        const auto rest = name.substr(prefix.size());
        if (rest.empty()) return base_number;
        const auto offset = base::to_uint(rest.substr(1));
        const int number = offset ? base_number + sign * static_cast<int>(*offset) : 0;
        return number >= SIGRTMIN && number <= SIGRTMAX && rest[0] == (sign > 0 ? '+' : '-') ? number : 0;
    };
    if (const int number = real_time("RTMIN", SIGRTMIN, 1)) return number;
    if (const int number = real_time("RTMAX", SIGRTMAX, -1)) return number;
    throw Error(ErrorKind::invalid, cat("invalid signal: ", text), "a name as SIGTERM or TERM, or a number");
}

std::string signal_name(int number) {
    const char* known = number > 0 && number < SIGRTMIN ? ::sigabbrev_np(number) : nullptr;
    return known ? cat("SIG", known) : std::to_string(number);
}

}  // namespace tutti::embedded
