#include "embedded/runtime/native/lower.h"

#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "embedded/runtime/box_devices.h"
#include "embedded/runtime/native/device_filter.h"
#include "embedded/runtime/native/limits.h"
#include "embedded/runtime/native/lower_parent.h"
#include "embedded/runtime/native/lower_process.h"
#include "embedded/runtime/native/mount_options.h"
#include "embedded/runtime/native/plan_builder.h"

namespace tutti::embedded::runtime::native {

using base::cat;
using base::Error;
using base::ErrorKind;

namespace {

std::string absolute(const std::string& path, const std::string& bundle) {
    return path.starts_with('/') ? path : cat(bundle, '/', path);
}

// What a mount may lie on although it is procfs: files that LXCFS and the like replace.
bool may_cover_procfs(std::string_view target) {
    static constexpr std::string_view allowed[] = {"/proc/cpuinfo",
                                                   "/proc/diskstats",
                                                   "/proc/meminfo",
                                                   "/proc/stat",
                                                   "/proc/swaps",
                                                   "/proc/uptime",
                                                   "/proc/loadavg",
                                                   "/proc/slabinfo",
                                                   "/proc/net/dev",
                                                   "/proc/sys/kernel/ns_last_pid",
                                                   "/proc/sys/crypto/fips_enabled"};
    return std::ranges::find(allowed, target) != std::end(allowed);
}

// Without "//", "." and "..".
std::string clean_path(std::string_view path) {
    std::string out;
    for (const std::string_view part : base::split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            out.erase(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
            continue;
        }
        out.append("/").append(part);
    }
    return out.empty() ? "/" : out;
}

class Lowering {
  public:
    explicit Lowering(const LowerInput& input) : input_(input), spec_(input.spec) {}

    Lowered run() {
        if (spec_.root.path.empty()) throw Error(ErrorKind::invalid, "the spec has no root.path");
        plan_.id = plan.text(input_.options.id);
        plan_.folder = plan.text(input_.options.folder);
        plan_.bundle = plan.text(input_.options.bundle);
        root();
        namespaces();
        mounts();
        paths();
        cgroups();
        hooks();
        lower_parent(plan, plan_, input_.options);
        if (!spec_.process) throw Error(ErrorKind::invalid, "the spec has no process");
        plan_.process = lower_process(plan, *spec_.process, input_.options.user, input_.filter, input_.filter_flags);
        plan_.process.make_cwd = 1;
        plan_.process.keep_keyring = input_.options.keep_keyring ? 1 : 0;
        plan_.process.preserved = static_cast<std::uint32_t>(input_.options.preserved.size());
        plan_.no_pivot = input_.options.no_pivot ? 1 : 0;
        personality();
        if (spec_.process->terminal && spec_.process->console_size) {
            plan_.process.rows = spec_.process->console_size->height;
            plan_.process.columns = spec_.process->console_size->width;
        }
        out_.plan = plan.finish(plan_);
        return std::move(out_);
    }

  private:
    void root() {
        plan_.root = plan.text(absolute(spec_.root.path, input_.options.bundle));
        plan_.root_readonly = spec_.root.readonly ? 1 : 0;
        if (!spec_.linux_.rootfs_propagation.empty()) {
            plan_.root_propagation = parse_propagation(spec_.linux_.rootfs_propagation);
            if (plan_.root_propagation == 0)
                throw Error(ErrorKind::invalid,
                            cat("unknown rootfsPropagation \"", spec_.linux_.rootfs_propagation, "\""));
        }
        plan_.hostname = plan.text(spec_.hostname);
        plan_.domainname = plan.text(spec_.domainname);
        for (const auto& [sysctl, value] :
             {std::pair("kernel.hostname", spec_.hostname), {"kernel.domainname", spec_.domainname}}) {
            const auto given = spec_.linux_.sysctl.find(sysctl);
            if (given != spec_.linux_.sysctl.end() && !value.empty() && given->second != value)
                throw Error(ErrorKind::invalid, cat("sysctl ", sysctl, " says \"", given->second, "\" but ", sysctl + 7,
                                                    " says \"", value, "\""));
        }
        lower_overlay(plan, plan_, input_.options);
    }

    void namespaces() {
        static constexpr std::pair<std::string_view, std::uint32_t> types[] = {
            {"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},      {"ipc", CLONE_NEWIPC},
            {"uts", CLONE_NEWUTS}, {"user", CLONE_NEWUSER},   {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}};
        std::vector<shim::NamespaceStep> steps;
        bool mount = false, user = false;
        for (const Namespace& space : spec_.linux_.namespaces) {
            const auto* type = std::ranges::find(types, space.type, &std::pair<std::string_view, std::uint32_t>::first);
            if (type == std::end(types))
                throw Error(ErrorKind::invalid, cat("unknown namespace type \"", space.type, "\""));
            for (const shim::NamespaceStep& other : steps)
                if (other.flag == type->second)
                    throw Error(ErrorKind::invalid, cat("namespace \"", space.type, "\" is listed twice"));
            mount = mount || type->second == CLONE_NEWNS;
            user = user || (type->second == CLONE_NEWUSER && space.path.empty());
            steps.push_back({type->second, plan.text(space.path)});
        }
        if (!mount) without_mounts();
        if (user && (spec_.linux_.uid_mappings.empty() || spec_.linux_.gid_mappings.empty()))
            throw Error(ErrorKind::invalid, "a user namespace needs uidMappings and gidMappings");
        plan_.namespaces = plan.array(steps);
        plan_.uids = ids(spec_.linux_.uid_mappings);
        plan_.gids = ids(spec_.linux_.gid_mappings);
        std::string offsets;
        for (const auto& [clock, offset] : spec_.linux_.time_offsets)
            offsets += cat(clock, ' ', offset.seconds, ' ', offset.nanoseconds, '\n');
        plan_.time_offsets = plan.text(offsets);
    }

    // Nothing may be mounted in the host's own tree, so what would protect the box is refused; mounts are passed over,
    // as runc's users expect.
    void without_mounts() {
        plan_.only_chroot = 1;
        const auto refuse = [](std::string_view what) {
            throw Error(ErrorKind::invalid, cat("a container without a mount namespace of its own cannot have ", what),
                        "add {\"type\": \"mount\"} to linux.namespaces");
        };
        if (!spec_.linux_.masked_paths.empty()) refuse("linux.maskedPaths");
        if (!spec_.linux_.readonly_paths.empty()) refuse("linux.readonlyPaths");
        if (spec_.root.readonly) refuse("root.readonly");
        if (input_.options.overlay) refuse("layers");
    }

    shim::Array<shim::IdRange> ids(const std::vector<IdMap>& maps) {
        std::vector<shim::IdRange> ranges;
        for (const IdMap& map : maps) ranges.push_back({map.container, map.host, map.size});
        return plan.array(ranges);
    }

    void mounts() {
        std::vector<shim::MountStep> steps;
        bool own_dev = true;  // a bind on /dev brings its own nodes
        for (const Mount& mount : spec_.mounts) {
            steps.push_back(mount_step(mount));
            const shim::MountStep& step = steps.back();
            if (clean_path(mount.destination) == "/dev") {
                own_dev = step.kind != shim::MountStep::bind;
                if (own_dev) steps.back().flags |= shim::mount_is_dev;
            }
        }
        plan_.mounts = plan.array(steps);
        if (own_dev) devices();
    }

    shim::MountStep mount_step(const Mount& mount) {
        const MountOptions options = parse_mount_options(mount.options);
        const std::string target = clean_path(mount.destination);
        shim::MountStep step;
        step.target = plan.text(target);
        step.attributes = options.set;
        step.cleared = options.cleared;
        step.all_attributes = options.recursive_set;
        step.propagation = options.propagation;
        if (may_cover_procfs(target)) step.flags |= shim::mount_may_be_proc;
        if (options.bind || mount.type == "bind") {
            step.kind = shim::MountStep::bind;
            step.source = plan.text(absolute(mount.source, input_.options.bundle));
            if (options.recursive) step.flags |= shim::mount_recursive;
            if (step.propagation == 0) step.propagation = parse_propagation("rprivate");
            if (options.idmap || !mount.uid_mappings.empty()) {
                step.uids = ids(mount.uid_mappings.empty() ? spec_.linux_.uid_mappings : mount.uid_mappings);
                step.gids = ids(mount.gid_mappings.empty() ? spec_.linux_.gid_mappings : mount.gid_mappings);
                if (step.uids.count == 0)
                    throw Error(ErrorKind::invalid, cat("the idmapped mount ", target, " has no id mappings"));
            }
            return step;  // options of a file system (mode=755) mean nothing to a bind
        }
        if (mount.type == "cgroup" || mount.type == "cgroup2") {
            step.kind = shim::MountStep::cgroup;
            step.flags |= shim::mount_strict;
            return step;
        }
        if (mount.type.empty()) throw Error(ErrorKind::invalid, cat("mount ", target, " has no type"));
        step.kind = shim::MountStep::file_system;
        step.type = plan.text(mount.type);
        step.source = plan.text(mount.source.empty() ? mount.type : mount.source);
        step.data = plan.text(base::join(options.data, ","));
        step.parameters = plan.texts(options.data);
        if (options.copy_up) step.flags |= shim::mount_copy_up;
        if (mount.type == "proc" || mount.type == "sysfs" || mount.type == "devpts" || target == "/dev")
            step.flags |= shim::mount_strict;
        if (mount.type == "mqueue") step.flags |= shim::mount_optional;
        return step;
    }

    void devices() {
        std::vector<shim::DeviceStep> steps;
        const auto add = [&](std::string_view path, std::uint32_t mode, std::uint32_t uid, std::uint32_t gid,
                             std::int64_t major, std::int64_t minor) {
            steps.push_back({plan.text(path), mode, uid, gid, static_cast<std::uint32_t>(major),
                             static_cast<std::uint32_t>(minor)});
        };
        const auto given = [&](std::string_view path) {
            return std::ranges::any_of(spec_.linux_.devices, [&](const Device& device) { return device.path == path; });
        };
        static constexpr std::pair<std::string_view, std::pair<int, int>> defaults[] = {
            {"/dev/null", {1, 3}},   {"/dev/zero", {1, 5}},    {"/dev/full", {1, 7}},
            {"/dev/random", {1, 8}}, {"/dev/urandom", {1, 9}}, {"/dev/tty", {5, 0}}};
        for (const auto& [path, number] : defaults)
            if (!given(path)) add(path, S_IFCHR | 0666, 0, 0, number.first, number.second);
        for (const Device& device : spec_.linux_.devices) {
            std::uint32_t type = 0;
            if (device.type == "c" || device.type == "u")
                type = S_IFCHR;
            else if (device.type == "b")
                type = S_IFBLK;
            else if (device.type == "p")
                type = S_IFIFO;
            else
                throw Error(ErrorKind::invalid, cat("device ", device.path, ": unknown type \"", device.type, "\""));
            if (!device.path.starts_with('/'))
                throw Error(ErrorKind::invalid, cat("device path \"", device.path, "\" is not absolute"));
            add(clean_path(device.path), type | (device.file_mode.value_or(0666) & 07777), device.uid.value_or(0),
                device.gid.value_or(0), device.major, device.minor);
        }
        plan_.devices = plan.array(steps);
        std::vector<shim::LinkStep> links;
        static constexpr std::pair<std::string_view, std::string_view> known[] = {
            {"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"},
            {"/dev/stderr", "/proc/self/fd/2"}, {"/dev/core", "/proc/kcore"},      {"/dev/ptmx", "pts/ptmx"}};
        for (const auto& [path, target] : known) links.push_back({plan.text(path), plan.text(target)});
        plan_.links = plan.array(links);
    }

    void paths() {
        const auto steps = [&](const std::vector<std::string>& paths) {
            std::vector<shim::PathStep> out;
            for (const std::string& path : paths) {
                if (!path.starts_with('/'))
                    throw Error(ErrorKind::invalid, cat("masked or read-only path \"", path, "\" is not absolute"));
                out.push_back({plan.text(path)});
            }
            return plan.array(out);
        };
        plan_.masked = steps(spec_.linux_.masked_paths);
        plan_.readonly = steps(spec_.linux_.readonly_paths);
        std::vector<shim::SettingStep> sysctls;
        for (const auto& [name, value] : spec_.linux_.sysctl) {
            const std::string file = name.find('/') == std::string::npos ? base::replace_all(name, ".", "/") : name;
            check_sysctl(name, file);
            if (cat('/', file, '/').find("/../") != std::string::npos)
                throw Error(ErrorKind::invalid, cat("sysctl \"", name, "\" leaves /proc/sys"));
            sysctls.push_back({plan.text(file), plan.text(value), 0});
        }
        plan_.sysctls = plan.array(sysctls);
    }

    // Whatever does not belong to a namespace of the box would change the host.
    void check_sysctl(const std::string& name, std::string_view file) const {
        static constexpr std::string_view of_ipc[] = {"kernel/msgmax", "kernel/msgmnb",         "kernel/msgmni",
                                                      "kernel/sem",    "kernel/shmall",         "kernel/shmmax",
                                                      "kernel/shmmni", "kernel/shm_rmid_forced"};
        std::string_view type;
        if (file.starts_with("net/")) type = "network";
        if (file.starts_with("fs/mqueue/") || std::ranges::count(of_ipc, file) > 0) type = "ipc";
        if (file == "kernel/domainname" || file == "kernel/hostname") type = "uts";
        if (type.empty())
            throw Error(ErrorKind::invalid,
                        cat("sysctl \"", name, "\" is not in a namespace: it would change the host"));
        if (std::ranges::find(spec_.linux_.namespaces, type, &Namespace::type) == spec_.linux_.namespaces.end())
            throw Error(ErrorKind::invalid, cat("sysctl \"", name, "\" needs a namespace of its own: ", type),
                        cat("add {\"type\": \"", type, "\"} to linux.namespaces"));
    }

    void cgroups() {
        std::string folder = spec_.linux_.cgroups_path;
        while (folder.starts_with('/')) folder.erase(0, 1);
        if (folder.empty()) folder = cat("tutti/", input_.options.id);
        if (cat('/', folder, '/').find("/../") != std::string::npos)
            throw Error(ErrorKind::invalid, cat("cgroupsPath \"", folder, "\" leaves its hierarchy"));
        if (folder.find(':') != std::string::npos)
            throw Error(ErrorKind::unsupported, cat("cgroupsPath \"", folder, "\" is one of systemd"),
                        "use a plain path such as /tutti/NAME");
        if (!input_.options.cgroups) return;
        out_.cgroup = folder;
        Resources resources = spec_.linux_.resources.value_or(Resources());
        // What the nodes of every box need, and making nodes at all, whatever the rules say; as runc and crun do.
        if (!resources.devices.empty())
            for (const DeviceRule& rule : default_device_rules())
                if (rule.allow && std::ranges::find(resources.devices, rule) == resources.devices.end())
                    resources.devices.push_back(rule);
        std::vector<shim::CgroupStep> steps;
        for (const CgroupFolder& one : lower_resources(resources, input_.hierarchies, true)) {
            shim::CgroupStep step;
            step.mount = plan.text(one.hierarchy->path);
            step.folder = plan.text(folder);
            step.name = plan.text(one.hierarchy->name);
            step.version = static_cast<std::uint32_t>(one.hierarchy->version);
            step.is_memory = one.hierarchy == input_.hierarchies.with("memory") ? 1 : 0;
            std::vector<shim::SettingStep> settings;
            for (const Setting& setting : one.settings)
                settings.push_back({plan.text(setting.file), plan.text(setting.value), setting.optional ? 1u : 0u});
            step.settings = plan.array(settings);
            steps.push_back(step);
            out_.cgroup_folders.push_back(cat(one.hierarchy->path, '/', folder));
        }
        plan_.cgroups = plan.array(steps);
        const Hierarchy* devices = input_.hierarchies.with("devices");
        if (!resources.devices.empty() && (!devices || devices->version != 1) && input_.hierarchies.v2()) {
            const std::string program = device_filter(resources.devices);
            plan_.device_program = plan.blob(program);
            plan_.device_instructions = static_cast<std::uint32_t>(program.size() / 8);
        }
    }

    shim::Array<shim::HookStep> hook_steps(const std::vector<Hook>& hooks) {
        std::vector<shim::HookStep> steps;
        for (const Hook& hook : hooks) {
            if (!hook.path.starts_with('/'))
                throw Error(ErrorKind::invalid, cat("hook path \"", hook.path, "\" is not absolute"));
            if (hook.timeout && *hook.timeout <= 0)
                throw Error(ErrorKind::invalid, cat("hook ", hook.path, ": timeout must be greater than zero"));
            steps.push_back({plan.text(hook.path), plan.texts(hook.args), plan.texts(hook.env),
                             static_cast<std::uint32_t>(hook.timeout.value_or(0))});
        }
        return plan.array(steps);
    }

    void hooks() {
        if (spec_.hooks.empty()) return;
        std::vector<Hook> outside = spec_.hooks.prestart;
        outside.insert(outside.end(), spec_.hooks.create_runtime.begin(), spec_.hooks.create_runtime.end());
        plan_.create_runtime = hook_steps(outside);
        plan_.create_container = hook_steps(spec_.hooks.create_container);
        plan_.start_container = hook_steps(spec_.hooks.start_container);
        plan_.poststart = hook_steps(spec_.hooks.poststart);
        doc::Node state = doc::Node::map();
        state.set("ociVersion", doc::Node(spec_.oci_version));
        state.set("id", doc::Node(input_.options.id));
        state.set("status", doc::Node("\x01S"));
        state.set("pid", doc::Node("\x01P"));
        state.set("bundle", doc::Node(input_.options.bundle));
        doc::Node& annotations = state.set("annotations", doc::Node::map());
        for (const auto& [key, value] : spec_.annotations) annotations.set(key, doc::Node(value));
        // JSON holds no bare control character, so the marks cannot be met in what others wrote.
        std::string text = base::replace_all(doc::write_json(state), "\"\\u0001P\"", "\x01P");
        plan_.hook_state = plan.text(base::replace_all(text, "\\u0001S", "\x01S"));
    }

    void personality() {
        const auto& personality = spec_.linux_.personality;
        if (!personality) return;
        if (personality->domain != "LINUX" && personality->domain != "LINUX32")
            throw Error(ErrorKind::invalid, cat("unknown personality \"", personality->domain, "\""));
        if (!personality->flags.empty()) throw Error(ErrorKind::unsupported, "personality flags are not supported");
        plan_.process.personality = personality->domain == "LINUX32" ? 8 : 0;
    }

    const LowerInput& input_;
    const Spec& spec_;
    PlanBuilder plan;
    shim::Plan plan_;
    Lowered out_;
};

}  // namespace

Lowered lower(const LowerInput& input) { return Lowering(input).run(); }

std::string lower_exec(const LowerExecInput& input) {
    PlanBuilder plan;
    shim::Plan out;
    out.id = plan.text(input.box.id);
    out.folder = plan.text(input.box.folder);
    out.process = lower_process(plan, input.process, input.exec.user, input.filter, input.filter_flags);
    if (input.process.terminal && input.process.console_size) {
        out.process.rows = input.process.console_size->height;
        out.process.columns = input.process.console_size->width;
    }
    out.join_pid = static_cast<std::uint32_t>(input.box.pid);
    out.join_started = input.box.pid_started;
    out.join_flags = input.join_flags;
    out.detached = input.exec.detached ? 1 : 0;
    out.process.preserved = static_cast<std::uint32_t>(input.exec.preserved.size());
    std::vector<shim::CgroupStep> steps;
    for (const Hierarchy& hierarchy : input.hierarchies.all()) {
        const std::string folder = cat(hierarchy.path, '/', input.box.cgroup);
        if (std::ranges::find(input.box.cgroup_folders, folder) == input.box.cgroup_folders.end()) continue;
        shim::CgroupStep step;
        step.mount = plan.text(hierarchy.path);
        step.folder = plan.text(input.box.cgroup);
        step.version = static_cast<std::uint32_t>(hierarchy.version);
        steps.push_back(step);
    }
    out.cgroups = plan.array(steps);
    return plan.finish(out);
}

}  // namespace tutti::embedded::runtime::native
