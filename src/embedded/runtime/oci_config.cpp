#include "embedded/runtime/oci_config.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "embedded/runtime/box_devices.h"
#include "embedded/runtime/environment.h"

namespace tutti::embedded::runtime {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::string_view default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view init_target = "/sbin/docker-init";
constexpr std::int64_t default_shm_size = std::int64_t{64} << 20;

bool has_variable(const std::vector<std::string>& env, std::string_view name) {
    return std::ranges::any_of(env, [&](const std::string& one) {
        return one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=';
    });
}

void process(Spec& spec, const BoxRequest& request) {
    Process& out = spec.process.emplace();
    out.terminal = request.tty;
    out.console_size = request.console_size;
    out.args = request.args;
    if (request.init) out.args.insert(out.args.begin(), {std::string(init_target), "--"});
    if (!has_variable(request.env, "PATH")) out.env.emplace_back(default_path);
    if (!has_variable(request.env, "HOSTNAME") && !request.hostname.empty())
        out.env.push_back(cat("HOSTNAME=", request.hostname));
    if (request.tty && !has_variable(request.env, "TERM")) out.env.emplace_back("TERM=xterm");
    out.env = merge_environment(out.env, request.env);
    if (!request.cwd.empty()) out.cwd = request.cwd;
    out.no_new_privileges = request.security.no_new_privileges;
    out.oom_score_adj = request.oom_score_adj;
    for (const BoxUlimit& limit : request.ulimits) {
        std::string name = cat("RLIMIT_", limit.name);
        for (char& c : name)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        out.rlimits.push_back({name, static_cast<std::uint64_t>(limit.hard), static_cast<std::uint64_t>(limit.soft)});
    }
}

std::vector<std::string> chosen_capabilities(const BoxSecurity& security, const Machine& machine) {
    const auto all = all_capabilities(machine.capabilities);
    if (security.privileged) return all;
    const auto names = [](const std::vector<std::string>& words, bool& everything) {
        std::vector<std::string> out;
        for (const std::string& word : words) {
            const std::string lower = base::to_lower(word);
            if (lower == "all" || lower == "cap_all")
                everything = true;
            else
                out.push_back(capability_name(word));
        }
        return out;
    };
    bool add_all = false, drop_all = false;
    const auto adds = names(security.cap_add, add_all), drops = names(security.cap_drop, drop_all);
    std::vector<std::string> out = add_all ? all : drop_all ? std::vector<std::string>() : default_capabilities();
    for (const std::string& name : adds)
        if (std::ranges::find(out, name) == out.end()) out.push_back(name);
    std::erase_if(out, [&](const std::string& name) {
        return std::ranges::find(drops, name) != drops.end() && std::ranges::find(adds, name) == adds.end();
    });
    for (const std::string& name : adds)
        if (std::ranges::find(all, name) == all.end())
            throw Error(ErrorKind::denied,
                        cat("this process does not have ", name, " and cannot give it to a container"),
                        "leave it out of cap_add");
    // A default that we do not have ourselves is not given, either.
    std::erase_if(out, [&](const std::string& name) { return std::ranges::find(all, name) == all.end(); });
    return out;
}

void security(Spec& spec, const BoxRequest& request, const Machine& machine) {
    const BoxSecurity& wanted = request.security;
    const auto capabilities = chosen_capabilities(wanted, machine);
    spec.process->capabilities = Capabilities{capabilities, capabilities, {}, capabilities, {}};
    if (wanted.seccomp.empty()) {
        if (!wanted.privileged) spec.linux_.seccomp = default_seccomp(capabilities, machine);
    } else if (wanted.seccomp != "unconfined") {
        spec.linux_.seccomp = read_seccomp_profile(wanted.seccomp, capabilities, machine);
    }
    if (!wanted.apparmor.empty() && wanted.apparmor != "unconfined")
        spec.process->apparmor_profile = wanted.apparmor;
    else if (wanted.apparmor.empty() && machine.apparmor && !wanted.privileged)
        spec.process->apparmor_profile = "docker-default";
    spec.process->selinux_label = wanted.selinux_label;
    spec.linux_.mount_label = wanted.mount_label;
    if (wanted.privileged || wanted.system_paths_unconfined) return;
    spec.linux_.masked_paths = {"/proc/acpi",
                                "/proc/asound",
                                "/proc/interrupts",
                                "/proc/kcore",
                                "/proc/keys",
                                "/proc/latency_stats",
                                "/proc/sched_debug",
                                "/proc/scsi",
                                "/proc/timer_list",
                                "/proc/timer_stats",
                                "/sys/devices/virtual/powercap",
                                "/sys/firmware"};
    spec.linux_.masked_paths.insert(spec.linux_.masked_paths.end(), machine.thermal_folders.begin(),
                                    machine.thermal_folders.end());
    spec.linux_.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
    if (wanted.masked_paths) spec.linux_.masked_paths = *wanted.masked_paths;
    if (wanted.readonly_paths) spec.linux_.readonly_paths = *wanted.readonly_paths;
}

void namespaces(Spec& spec, const BoxRequest& request, const Machine& machine) {
    auto& out = spec.linux_.namespaces;
    out.push_back({"mount", {}});
    const auto add = [&](std::string_view type, const Share& share) {
        if (share.kind == Share::Kind::host) return;
        out.push_back({std::string(type), share.kind == Share::Kind::path ? share.path : std::string()});
    };
    add("network", request.network);
    add("ipc", request.ipc);
    add("pid", request.pid);
    add("uts", request.uts);
    add("cgroup", request.cgroup);
    if (machine.time_namespace) out.push_back({"time", {}});
    // A user namespace only where ids are mapped: own without a map means "as the engine runs".
    if (request.user.kind == Share::Kind::path)
        out.push_back({"user", request.user.path});
    else if (request.user.kind == Share::Kind::own && !request.uid_map.empty())
        out.push_back({"user", {}});
    spec.linux_.uid_mappings = request.uid_map;
    spec.linux_.gid_mappings = request.gid_map;
    if (request.uts.kind == Share::Kind::own) {
        spec.hostname = request.hostname;
        spec.domainname = request.domainname;
    }
}

std::vector<Mount> system_mounts(const BoxRequest& request) {
    const bool privileged = request.security.privileged;
    const auto read_only = [&](std::vector<std::string> options) {
        if (!privileged) options.insert(options.begin(), "ro");
        return options;
    };
    const std::vector<std::string> strict = {"nosuid", "noexec", "nodev"};
    std::vector<Mount> out{{"/proc", "proc", "proc", strict, {}, {}},
                           {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}, {}, {}},
                           {"/dev/pts",
                            "devpts",
                            "devpts",
                            {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"},
                            {},
                            {}},
                           {"/sys", "sysfs", "sysfs", read_only(strict), {}, {}},
                           {"/sys/fs/cgroup", "cgroup", "cgroup", read_only(strict), {}, {}}};
    if (request.ipc.kind == Share::Kind::host) {
        out.push_back({"/dev/shm", "bind", "/dev/shm", {"rbind", "rprivate"}, {}, {}});
        out.push_back({"/dev/mqueue", "mqueue", "mqueue", strict, {}, {}});
        return out;
    }
    out.push_back({"/dev/mqueue", "mqueue", "mqueue", strict, {}, {}});
    const std::int64_t size = request.shm_size > 0 ? request.shm_size : default_shm_size;
    out.push_back({"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", cat("size=", size)}, {}, {}});
    return out;
}

std::string octal(std::uint32_t value) {
    std::string out;
    do out.insert(out.begin(), static_cast<char>('0' + (value & 7)));
    while ((value >>= 3) != 0);
    return out;
}

Mount to_mount(const BoxMount& wanted) {
    if (!wanted.target.starts_with('/'))
        throw Error(ErrorKind::invalid, cat("mount target \"", wanted.target, "\" is not absolute"));
    if (cat(wanted.target, '/').find("/../") != std::string::npos)
        throw Error(ErrorKind::invalid, cat("mount target \"", wanted.target, "\" holds \"..\""));
    Mount out;
    out.destination = wanted.target;
    if (wanted.kind == BoxMount::Kind::tmpfs) {
        out.type = out.source = "tmpfs";
        out.options = {"noexec", "nosuid", "nodev"};
        if (wanted.tmpfs_size > 0) out.options.push_back(cat("size=", wanted.tmpfs_size));
        out.options.push_back(cat("mode=", octal(wanted.tmpfs_mode ? wanted.tmpfs_mode : 01777)));
    } else if (wanted.kind == BoxMount::Kind::bind) {
        if (!wanted.source.starts_with('/'))
            throw Error(ErrorKind::invalid, cat("mount source \"", wanted.source, "\" is not absolute"));
        out.type = "bind";
        out.source = wanted.source;
        out.options = {wanted.recursive ? "rbind" : "bind",
                       wanted.propagation.empty() ? "rprivate" : wanted.propagation};
    } else {
        out.type = wanted.type;
        out.source = wanted.source;
    }
    if (wanted.read_only)
        out.options.emplace_back(wanted.kind == BoxMount::Kind::bind && wanted.recursive_read_only ? "rro" : "ro");
    out.options.insert(out.options.end(), wanted.options.begin(), wanted.options.end());
    return out;
}

std::size_t depth(std::string_view path) { return static_cast<std::size_t>(std::ranges::count(path, '/')); }

// A user's mount replaces ours of the same place; one of /dev takes all below it along.
void mounts(Spec& spec, const BoxRequest& request) {
    const auto taken = [&](std::string_view target) {
        return std::ranges::find(request.mounts, target, &BoxMount::target) != request.mounts.end();
    };
    const bool own_dev = !taken("/dev");
    for (Mount& mount : system_mounts(request))
        if (!taken(mount.destination) && (own_dev || !mount.destination.starts_with("/dev/")))
            spec.mounts.push_back(std::move(mount));
    std::vector<BoxMount> sorted = request.mounts;
    std::ranges::stable_sort(sorted, {}, [](const BoxMount& mount) { return depth(mount.target); });
    if (request.init) {
        if (request.init_program.empty())
            throw Error(ErrorKind::internal, "init is wanted, but no program for it is named");
        sorted.push_back({BoxMount::Kind::bind,
                          request.init_program,
                          std::string(init_target),
                          true,
                          false,
                          false,
                          {},
                          0,
                          0,
                          {},
                          {}});
    }
    for (const BoxMount& mount : sorted) {
        spec.mounts.push_back(to_mount(mount));
        // Propagation to or from the host needs a root that lets it through.
        std::string& root = spec.linux_.rootfs_propagation;
        if (mount.propagation.ends_with("shared"))
            root = "shared";
        else if (mount.propagation.ends_with("slave") && root.empty())
            root = "rslave";
    }
}

void check_sysctl(const std::string& name, const BoxRequest& request) {
    static constexpr std::string_view of_ipc[] = {"kernel.msgmax", "kernel.msgmnb",         "kernel.msgmni",
                                                  "kernel.sem",    "kernel.shmall",         "kernel.shmmax",
                                                  "kernel.shmmni", "kernel.shm_rmid_forced"};
    const bool ipc = std::ranges::find(of_ipc, name) != std::end(of_ipc) || name.starts_with("fs.mqueue.");
    const bool net = name.starts_with("net.");
    const bool uts = name == "kernel.domainname" || name == "kernel.hostname";
    const auto shared = [&](const Share& share, std::string_view what) {
        if (share.kind == Share::Kind::host)
            throw Error(ErrorKind::invalid,
                        cat("sysctl ", name, " is not possible in the ", what, " namespace of the host"));
    };
    if (ipc) return shared(request.ipc, "ipc");
    if (net) return shared(request.network, "network");
    if (uts) return shared(request.uts, "uts");
    throw Error(ErrorKind::invalid, cat("sysctl ", name, " is not one of a namespace: it would change the host"));
}

void machine_settings(Spec& spec, const BoxRequest& request) {
    // Ping and low ports for everybody inside, as Docker has it: nobody needs NET_RAW or NET_BIND_SERVICE for them.
    if (request.network.kind != Share::Kind::host) {
        if (request.uid_map.empty()) spec.linux_.sysctl["net.ipv4.ping_group_range"] = "0 2147483647";
        spec.linux_.sysctl["net.ipv4.ip_unprivileged_port_start"] = "0";
    }
    for (const auto& [name, value] : request.sysctls) {
        const std::string dotted = name.find('.') == std::string::npos ? base::replace_all(name, "/", ".") : name;
        check_sysctl(dotted, request);
        spec.linux_.sysctl[dotted] = value;
    }
    spec.linux_.resources = request.resources;
    spec.linux_.resources->devices = default_device_rules();
    if (request.security.privileged) add_all_devices(spec);
    for (const BoxDevice& device : request.devices) {
        if (request.security.privileged && device.box_path.empty()) continue;
        add_device(spec, device);
    }
    for (const std::string& rule : request.device_rules)
        spec.linux_.resources->devices.push_back(parse_device_rule(rule));
    spec.linux_.cgroups_path = cat(request.cgroup_parent.empty() ? "/tutti" : request.cgroup_parent, '/', request.id);
}

}  // namespace

Spec to_spec(const BoxRequest& request, const Machine& machine) {
    if (request.args.empty()) throw Error(ErrorKind::invalid, "no command was given", "the image has none; name one");
    if (!request.uid_map.empty() != !request.gid_map.empty())
        throw Error(ErrorKind::invalid, "a user namespace needs a map of users and one of groups");
    Spec spec;
    spec.root = {request.root, request.read_only};
    spec.annotations = request.annotations;
    spec.hooks = request.hooks;
    process(spec, request);
    security(spec, request, machine);
    namespaces(spec, request, machine);
    mounts(spec, request);
    machine_settings(spec, request);
    return spec;
}

}  // namespace tutti::embedded::runtime
